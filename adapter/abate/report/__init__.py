"""The report: FHIR resources and a page, from the same results."""
