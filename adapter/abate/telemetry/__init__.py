"""The log, the status and the history of commands, and the signals that end them."""
