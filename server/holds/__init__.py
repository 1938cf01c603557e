"""What keeps rows as they are while something uses them: locks, refusals while a job is live, suggestions taken back."""
