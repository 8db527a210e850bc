"""A report on a target: compared, written in one transaction, read back, retracted."""
