"""Pull by FHIR search: by code or by patient, and what changed."""
