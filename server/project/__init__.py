"""Projects and their members: the rooms that everything else belongs to."""
