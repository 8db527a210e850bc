"""Responders: the lesions whose pain decreased enough, by several definitions."""
