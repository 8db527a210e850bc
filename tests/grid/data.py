"""The rows of the grid: a small ward, and what changes in it in a day."""

from made import LOINC, coded, condition, patient, procedure, score

# At baseline, on the second day, and a week after the procedure: each score counts in a figure.
DAYS = ("2026-01-09", "2026-01-12", "2026-01-17")


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
    return score(f"heart-{owner}", owner, code=coded("8867-4", LOINC))


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
