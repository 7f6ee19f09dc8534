"""Everything the service does: one file in this folder is one long-lived task; the folders hold what tasks use."""
