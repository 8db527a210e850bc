"""The cohort: lesions with pain scores before and after, as immutable tables."""
