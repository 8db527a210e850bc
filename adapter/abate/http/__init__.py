"""HTTP to one server: sessions, bodies within bounds, attempts, budget, downloads."""
