"""Projects and their members. Everything else belongs to a project."""
