"""Benchmarks that anyone can run: `make bench`. Each number stands beside its peer, measured in the same run."""
