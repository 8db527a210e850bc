"""The contract with plugins, their host, and what came of them."""
