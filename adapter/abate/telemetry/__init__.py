"""What a command tells of itself: log, status, history of runs; and how a signal ends it."""
