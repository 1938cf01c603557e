"""Settings, problems, money, clock, ids and logging: domain-free, imports nothing of ours."""
