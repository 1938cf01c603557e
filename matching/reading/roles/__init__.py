"""What the columns of a table mean, proved by their values where that is possible."""
