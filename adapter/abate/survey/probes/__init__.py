"""The probes of a survey: one module for each question to the server."""
