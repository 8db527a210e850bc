"""Search of the sandbox: parameters, dates, references, pages."""
