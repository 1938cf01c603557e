"""Request bodies: counted while they arrive, parsed strictly, every fault by its pointer. Start with intake.py."""
