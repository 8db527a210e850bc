"""abate."""
