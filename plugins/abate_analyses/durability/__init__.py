"""Durability: how long relief lasted, and where it was lost."""
