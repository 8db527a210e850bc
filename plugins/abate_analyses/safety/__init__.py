"""Safety: complications, deaths and re-treatments."""
