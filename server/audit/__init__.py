"""The audit log: lists for those who may read it, and the verification of its chains."""
