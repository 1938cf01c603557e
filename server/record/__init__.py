"""Records, the rows of sources: listed with filters and cursors, edited one by one or added in batches."""
