"""Say what was found: as FHIR."""
