"""Files for the benchmarks: the demo's ledger and bank statement, in any size."""

from pathlib import Path

from server.demo import data


def books(folder: Path, rows: int) -> tuple[Path, Path]:
    """Write ledger.csv and bank.csv with about `rows` rows each. Returns: their paths."""
    paths = folder / f"ledger-{rows}.csv", folder / f"bank-{rows}.csv"
    for path, body in zip(paths, data.books(rows), strict=True):
        path.write_bytes(body)
    return paths
