"""Whether the server lives, can serve, and how each of its parts is."""
