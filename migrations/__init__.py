"""Aerich migrations: each file is one transaction, never edited after it is released."""
