"""The cohort: lesions with pain scores before and after, as immutable tables."""

from abate.cohort.tables import API_VERSION, ByVisit, Cohort, Endpoint, LastOf, Pairs, Window

__all__ = ["API_VERSION", "ByVisit", "Cohort", "Endpoint", "LastOf", "Pairs", "Window"]
