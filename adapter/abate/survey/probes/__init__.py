"""What a survey asks of a server: one module a question."""
