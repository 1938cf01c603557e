"""Streams over plain HTTP."""
