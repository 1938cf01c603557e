"""What protects rows while something uses them: locks, refusals while a job is live, withdrawing suggestions."""
