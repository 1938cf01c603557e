"""
Jobs. A job is queued here and run by server/processes/engine.py in its own process, which records each step through
lifecycle.py.
"""
