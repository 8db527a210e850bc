"""The study file: its settings, its reader, and its error messages."""
