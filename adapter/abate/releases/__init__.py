"""Several releases of a study: what was published before, and whether the next one may follow.

Whoever has two releases can subtract them. The store keeps a ledger of all releases; a new one
waits until it differs from each of them by nobody, or by at least the minimum of units.
"""
