"""Profile: who was treated and analysed, and what was treated."""
