"""Matches: listed with filters and cursors, confirmed or rejected one at a time."""
