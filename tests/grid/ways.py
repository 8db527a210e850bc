"""The ways to pull: the columns of the grid."""

SEARCH = POPULATION, PATIENT, NIGHTLY = ("population", "patient", "nightly")
EXPORT = BULK, BULK_NIGHTLY = ("bulk", "bulk-nightly")
FILES = "files"
WAYS = (*SEARCH, *EXPORT, FILES)
# Those on whose cells a night and a day have passed.
LATER = (NIGHTLY, BULK_NIGHTLY)
STRATEGIES = {
    POPULATION: "population", PATIENT: "patient", NIGHTLY: "population",
    BULK: "bulk", BULK_NIGHTLY: "bulk", FILES: "files",
}  # fmt: skip
