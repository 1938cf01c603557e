"""Settings, problems, money, clock, ids and logging. Knows nothing of the domain and imports nothing else of ours."""
