"""Matches: read with filters and cursors, confirmed or rejected one by one."""
