"""Pull from local files."""
