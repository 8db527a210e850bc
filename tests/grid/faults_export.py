"""What a server may do to an export: to its beginning, its manifest and its files."""

import json

from exports import JOB, group_of
from fault import Said, always, meets, scores


def kick_offs(asked):
    return asked.is_kick_off


def polls(asked):
    return asked.path == JOB and asked.method == "GET"


def files(asked):
    return asked.path.endswith("/$file")


def other_files(asked):
    """Whether a file is asked for that an honest server does not have."""
    return asked.path.startswith("/fhir/Other/")


def ignores(*names):
    """A fault that passes over parameters of the export."""

    def answer(asked):
        said = asked.honest
        asked.server.exports.begin(asked.pairs, ignored=names)
        return said

    return always(kick_offs, answer)


def finding_nothing(*kinds):
    """A fault that finds nothing of some types by a filter."""

    def answer(asked):
        said = asked.honest
        exports = asked.server.exports
        exports.kinds = [
            one for one in exports.kinds if one not in kinds or one not in exports.filters
        ]
        return said

    return answer


def manifest(**changes):
    """A fault that puts other content into the manifest; None takes it out."""

    def answer(asked):
        said = asked.honest
        content = json.loads(said.body) | changes
        return said.of({name: value for name, value in content.items() if value is not None})

    return answer


def each_file(change, **changes):
    """A fault that changes each file of the manifest, and what stands beside them."""

    def answer(asked):
        content = json.loads(asked.honest.body) | changes
        for one in content["output"]:
            change(one, asked)
        return asked.honest.of(content)

    return always(polls, answer)


def at(root):
    """A change that puts a file elsewhere."""

    def change(one, asked):
        where = asked.server.storage.root if root == "storage" else root
        one["url"] = one["url"].replace(asked.server.root, where)

    return change


def relative(one, asked):
    one["url"] = one["url"].removeprefix(f"{asked.server.base}/")


def counting(change):
    def edit(one, _):
        one["count"] = change(one["count"])

    return edit


def to_storage(asked):
    where = f"{asked.server.storage.root}{asked.target}"
    return Said(status=307).having(Location=where)


def having(key, *rows, more=()):
    """A fault that adds a file to a list of the manifest."""

    def added(asked):
        content = json.loads(asked.honest.body)
        file = {"type": "Other", "url": f"{asked.server.base}/Other/$file"}
        content[key] = [*content.get(key, []), file]
        return asked.honest.of(content)

    body = b"".join(_line(one) for one in rows)
    return meets((polls, added), (other_files, lambda _: Said(body=body)), *more)


def _line(row):
    return row if isinstance(row, bytes) else json.dumps(row).encode() + b"\n"


def group(*members):
    """The Group that is studied."""
    group = {"resourceType": "Group", "id": "g", "type": "person", "actual": True}
    return group | {"member": list(members)}


def showing(**changes):
    """A fault that shows the Group otherwise."""
    return lambda asked: asked.honest.of(asked.honest.json | changes)


def member(patient, **more):
    return {"entity": {"reference": f"Patient/{patient}"}, **more}


def everybody(asked):
    """An export of all patients, whatever Group was asked for."""
    said = asked.honest
    asked.server.exports.begin(asked.pairs)
    return said


def without(patient):
    """An export of the Group without one of its members."""

    def answer(asked):
        said = asked.honest
        asked.server.exports.begin(asked.pairs, group=group_of(asked), hidden=(patient,))
        return said

    return answer


def groups(asked):
    return asked.path.startswith("/fhir/Group/") and not asked.is_kick_off


def outcome(severity, code="exception"):
    issue = {"severity": severity, "code": code, "diagnostics": "of a patient"}
    return {"resourceType": "OperationOutcome", "issue": [issue]}


def lines(change, name=None):
    """A fault that changes the bytes, and maybe the name, of the file of pain scores."""

    def answer(asked):
        said = asked.honest.of(body=change(asked.honest.body))
        return said.having(Name=name) if name else said

    return always(scores, answer)
