"""Nouns: frozen values and their rules. No I/O, no clock, no trio."""
