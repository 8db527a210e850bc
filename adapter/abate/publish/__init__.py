"""Publishing: compare a report with a target, write it in one transaction, read it back."""
