"""Benchmarks that anyone can run with `make bench`. Each number is shown beside its peer, measured in the same run."""
