"""What a study keeps of its source: landed lines, tables, books, watermark."""
