"""Matching plans, written or suggested. Every change makes a new version."""
