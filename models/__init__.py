"""
Tables, one module per noun, and what every change is written with: streams, audit chains, access through an actor.
"""

from tortoise import models

# Tortoise reads and parses the source of each model for comments with a colon, which become descriptions of columns. We have
# none, and it took a tenth of a start.
models._get_comments = lambda cls: {}
