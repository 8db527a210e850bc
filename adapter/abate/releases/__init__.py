"""Several releases of a study: the ledger of releases, and the rule for the next one.

A reader of two releases can subtract them. The store keeps a ledger of all releases; a new one
waits until it differs from each of them by no unit, or by at least the minimum of units.
"""
