"""Actions on vaults, their members and their entries."""
