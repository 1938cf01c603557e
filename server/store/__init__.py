"""Where things are kept: the database and its processes, the queue, the keys, and room on disks."""
