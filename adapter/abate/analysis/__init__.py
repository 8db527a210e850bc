"""The contract with plugins, their host, and the results of the analyses."""
