"""What is kept and where: the database and its processes, the queue, the keys, room on disks."""
