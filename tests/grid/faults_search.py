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


# What each vendor's documentation lists for a type, of what a pull may ask (2026).
ORACLE = {
    "Patient": {"_id", "identifier", "_count"},
    "Procedure": {"_id", "patient", "date", "_lastUpdated", "_count"},
    "Observation": {"_id", "patient", "category", "code", "date", "_lastUpdated", "_count"},
    "Condition": {"_id", "patient", "category", "clinical-status", "_count"},
}
EPIC = {
    "Patient": {"_id", "identifier", "_count"},
    "Procedure": {"_id", "patient", "category", "date", "_count"},
    "Observation": {"_id", "patient", "category", "code", "date", "_count"},
    "Condition": {"_id", "patient", "category", "clinical-status", "_count"},
}
UNKNOWN = {
    "resourceType": "OperationOutcome",
    "issue": [{"severity": "warning", "code": "not-supported"}],
}


def oracle_like(asked):
    """Refuses a parameter that it does not know, and gives no total."""
    if asked.kind not in ORACLE or asked.is_history:
        return asked.honest
    if _lacks(asked) or _unknown(asked, ORACLE):
        return says(400)(asked)
    said = _of_category(asked)
    page = said.json
    page.pop("total", None)
    return said.of(page)


def epic_like(asked):
    """Passes over a parameter that it does not know, with a warning."""
    if asked.kind not in EPIC or asked.is_history:
        return asked.honest
    unknown = _unknown(asked, EPIC)
    is_for_anybody = asked.kind == "Patient" and not {"_id", "identifier"} & {*asked.parameters}
    if _lacks(asked) or (is_for_anybody and not asked.is_next):
        return says(400)(asked)
    said = _of_category(asked, *unknown)
    page = said.json
    warned = [{"resource": UNKNOWN, "search": {"mode": "outcome"}}] if unknown else []
    page["entry"] = [*page.get("entry", []), *warned]
    return said.of(page)


def _unknown(asked, known):
    return set() if asked.is_next else set(asked.parameters) - known[asked.kind]


def _lacks(asked):
    """Whether a search of records names no patient, or one of Observations no category."""
    given = asked.parameters
    lacks_category = asked.kind == "Observation" and "category" not in given
    is_record = asked.kind != "Patient" and not asked.is_next
    return is_record and ("patient" not in given or lacks_category)


def _of_category(asked, *unknown):
    """All rows are of the category `survey`."""
    category = asked.parameters.get("category", "survey")
    if "survey" not in category.split(","):
        return nothing(asked)
    return asked.without("category", *unknown)


def wants_category(asked):
    """Refuses a search of Observations that names no patient or no category."""
    return of("Observation", asked) and _lacks(asked)


def first_date_only(asked):
    """A second _lastUpdated is passed over."""
    dates = [pair for pair in asked.pairs if pair[0] == "_lastUpdated"]
    return asked.asking([pair for pair in asked.pairs if pair not in dates[1:]])


def wants_patient(asked):
    """Refuses a search of the patients' records that names no patient."""
    is_record = asked.kind in ("Procedure", "Observation", "Condition")
    return is_record and not asked.is_next and "patient" not in asked.parameters
