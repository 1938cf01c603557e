"""Jobs: queued here, run by server/processes/engine.py in a process of its own, which reports through run.py's transitions."""
