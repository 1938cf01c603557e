"""
Vaults: shared credentials kept with a project's reconciliations, encrypted, versioned and audited.

Read cipher.py first (what is sealed under which key), then actions/entry.py (every write is a new version).
"""
