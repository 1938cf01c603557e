"""
Vaults: shared credentials beside the reconciliations, encrypted, versioned and audited.

Read cipher.py first (what is sealed under which key), then actions/entry.py (every write is a new version).
"""
