"""The ways to pull, and to write: the columns of the grid."""

SEARCH = POPULATION, PATIENT, NIGHTLY = ("population", "patient", "nightly")
EXPORT = BULK, BULK_NIGHTLY = ("bulk", "bulk-nightly")
FILES = "files"
WRITE = ("create", "update", "retract")
WAYS = (*SEARCH, *EXPORT, FILES, *WRITE)
# Those on whose cells a night and a day have passed.
LATER = (NIGHTLY, BULK_NIGHTLY)
STRATEGIES = {
    POPULATION: "population", PATIENT: "patient", NIGHTLY: "population",
    BULK: "bulk", BULK_NIGHTLY: "bulk", FILES: "files",
}  # fmt: skip
