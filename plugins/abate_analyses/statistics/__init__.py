"""The statistics: tests, intervals and curves as functions of plain arrays.

They use only `scipy.special` of SciPy, and import it in the functions that need it: loading it
takes 0.2 s of CPU, and `scipy.stats` 0.6 s (SciPy 1.17, 2026-12).
"""
