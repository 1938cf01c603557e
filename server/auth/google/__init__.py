"""
Sign-in with Google. Start with actions.py. tokens.py checks tokens, and keys.py provides the keys for their signatures.
"""
