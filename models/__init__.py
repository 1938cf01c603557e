"""
Tables, one module per noun, and what every change is written with: streams, audit chains, access through an actor.
"""
