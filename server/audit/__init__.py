"""The audit log: lists for those who may read them, and the verification of its chains."""
