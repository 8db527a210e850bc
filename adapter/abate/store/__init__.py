"""What a study keeps of its source: landed lines, tables, the ledger, the watermark."""
