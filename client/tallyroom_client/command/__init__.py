"""The commands of `tallyroom remote`."""
