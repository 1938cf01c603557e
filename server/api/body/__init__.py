"""
Request bodies: counted as they arrive, parsed strictly, every fault reported by its JSON pointer. Start with intake.py.
"""
