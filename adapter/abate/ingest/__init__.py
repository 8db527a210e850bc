"""Pull, land and map resources, and move the watermark, in one transaction."""
