"""The statistics: tests, intervals and curves as functions of plain arrays."""
