"""Durability: how long relief lasted, and when it was lost."""
