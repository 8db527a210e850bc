"""HTTP to one server: sessions, limits on response bodies, retries, budget, downloads."""
