"""
Sources: chunked upload, loading by the worker, profile, mapping, rejects. Read upload.py first, then loading.py.

The web process only stores an upload's bytes. A worker parses them, in a separate process (server/processes/engine.py).
"""
