"""
Sign-in with Google. Start with actions.py; tokens.py says what is believed of a token, keys.py whose signature it has.
"""
