"""
Exports: what a job matched or left open, as a file.

Read sending.py first. One snapshot is read at the database's speed into a temporary file (spool.py, queries.py) and sent
from there in the asked format, one module each, at the reader's speed. downloads.py lets a browser fetch an export by a
link that works once.
"""
