"""Whether the server is alive and can serve, and how each of its parts is doing."""
