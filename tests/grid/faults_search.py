"""What a server may do to parameters, counts and entries."""

from fault import (
    edited,
    says,
)

EMPTY = {"resourceType": "Bundle", "type": "searchset", "total": 0}


def of(kind, asked):
    return asked.kind == kind and (asked.is_page or asked.is_count)


def has(parameter, kind=None):
    """Whether a search has a parameter."""

    def found(asked):
        is_search = asked.is_page or asked.is_count
        return is_search and parameter in asked.parameters and kind in (None, asked.kind)

    return found


def ignored(*names):
    return lambda asked: asked.without(*names)


def nothing(asked):
    return asked.honest.of(EMPTY)


def bare_only(asked):
    """Finds codes, and nothing by system|code."""
    return nothing(asked) if "|" in asked.parameters["code"] else asked.honest


def without_total(page, _):
    page.pop("total", None)


def no_count(asked):
    return says(400)(asked) if asked.is_count else edited(without_total)(asked)


def total(change):
    """A fault that changes each total, on pages and in counts."""

    def edit(page, _):
        if "total" in page:
            page["total"] = change(int(bytes(page["total"])))

    return edited(edit)


def later(change):
    """The same on later pages only."""
    return lambda asked: total(change)(asked) if asked.is_next else asked.honest


def entry(mode, **resource):
    return {"resource": resource, "search": {"mode": mode}}


def adding(*entries):
    """A fault that adds entries that are no rows."""

    def edit(page, _):
        page["entry"] = [*page.get("entry", []), *entries]

    return edited(edit)


def without_mode(page, _):
    for entry in page.get("entry", []):
        entry.pop("search", None)


def with_response(page, _):
    for entry in page.get("entry", []):
        entry["response"] = {"status": "200 OK"}


def first_date_only(asked):
    """A second _lastUpdated is passed over."""
    dates = [pair for pair in asked.pairs if pair[0] == "_lastUpdated"]
    return asked.asking([pair for pair in asked.pairs if pair not in dates[1:]])


def wants_patient(asked):
    """Refuses a search of the patients' records that names no patient."""
    is_record = asked.kind in ("Procedure", "Observation", "Condition")
    return is_record and not asked.is_next and "patient" not in asked.parameters
