"""The rows of the grid: a small ward, and what changes in it in a day."""

# At baseline, on the second day, and a week after the procedure: each score counts in a figure.
DAYS = ("2026-01-09", "2026-01-12", "2026-01-17")


def coded(code, system="urn:s"):
    return {"coding": [{"system": system, "code": code}]}


def subject(patient):
    return {"reference": f"Patient/{patient}"}


def patient(identifier, **more):
    return {"resourceType": "Patient", "id": identifier, "gender": "female", **more}


def procedure(identifier, owner, **more):
    return {
        "resourceType": "Procedure", "id": identifier, "status": "completed",
        "code": coded("treat"), "subject": subject(owner), "performedDateTime": "2026-01-10",
    } | more  # fmt: skip


def condition(identifier, owner, **more):
    row = {"resourceType": "Condition", "id": identifier, "code": coded("tumour")}
    return row | {"subject": subject(owner)} | more


def score(identifier, owner="a", value=5, **more):
    row = {
        "resourceType": "Observation", "id": identifier, "status": "final",
        "code": coded("72514-3", "http://loinc.org"), "subject": subject(owner),
        "effectiveDateTime": "2026-01-17", "valueInteger": value,
    } | more  # fmt: skip
    return {name: content for name, content in row.items() if content is not None}


def before():
    """What the server has at first; what stands in a list was written at one moment."""
    yield [heart("z"), score("stranger", "z"), patient("z")]
    yield [procedure("other", "z", code=coded("other"))]
    for one in "abc":
        yield [patient(one)]
        yield [procedure(f"treat-{one}", one)]
        yield [condition(f"tumour-{one}", one)]
        yield [
            heart(one),
            *(score(f"{one}{n}", one, n, effectiveDateTime=DAYS[n]) for n in range(3)),
        ]


def heart(owner):
    """A row that nobody asks for; it stands before those that are asked for."""
    return score(f"heart-{owner}", owner, code=coded("8867-4", "http://loinc.org"))


def a_day(server):
    """What comes, changes and goes in a day."""
    server.put(
        *(score(f"new{number}", "b", number) for number in range(4)),
        score("a1", "a", 9),
        condition("tumour-a", "a", severity=coded("severe")),
        patient("d"), procedure("treat-d", "d"), score("d0", "d"),
        patient("a", birthDate="1950"),
        # Whose older score no search for changes finds.
        procedure("treat-z", "z"),
    )  # fmt: skip
    server.delete("Observation", "b1")
