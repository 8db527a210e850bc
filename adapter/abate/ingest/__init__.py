"""Pull, land, map, and move the watermark: one transaction."""
