"""
Sources: upload in chunks, loading by the worker, profile, mapping, rejects. Read upload.py, then loading.py.

The web process only stores an upload's bytes; a worker parses them, in a process of its own (server/processes/engine.py).
"""
