"""The mapping of landed lines to rows by SQL, and the code lists."""
