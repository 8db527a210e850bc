"""The report as FHIR resources."""
