"""Structured supervision for Trio: actors, bounded mailboxes, restarts, a status tree."""
