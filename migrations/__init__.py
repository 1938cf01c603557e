"""Aerich migrations. Each file is one transaction and is never edited after its release."""
