"""Pull by Bulk Data export."""
