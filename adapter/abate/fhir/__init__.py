"""FHIR over HTTP: the client, Bundles, CapabilityStatement, references, types."""
