"""The statistics: tests, intervals and curves as functions of plain arrays.

Of SciPy they use `scipy.special` only, and import it where it is called: it takes 0.2 s of CPU to
load, and `scipy.stats` 0.6 s (SciPy 1.17, 2026-12).
"""
