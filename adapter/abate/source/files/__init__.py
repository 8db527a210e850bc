"""Pull from files of this machine."""
