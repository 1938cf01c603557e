"""Benchmarks that anyone can run with `make bench`. Each number is shown next to its peer, measured in the same run."""
