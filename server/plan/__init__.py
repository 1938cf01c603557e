"""Matching plans: written or suggested, every change a new version."""
