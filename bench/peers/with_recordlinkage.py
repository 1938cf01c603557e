"""recordlinkage on two tables: `python -m bench.peers.with_recordlinkage FOLDER` writes peer.csv."""

import numpy as np
import pandas as pd
import recordlinkage

from bench.peers import tables

ENOUGH = 0.6  # of what is alike in all fields
MAX_BLOCK = 2_000  # rows of a side with one key; larger blocks explode


def main() -> None:
    """Compare the pairs of blocks, and keep those that are alike enough."""
    folder = tables.folder_of_arguments()
    left, right, fields = tables.read(folder)
    candidates = _blocked(left, right, fields)
    compare = recordlinkage.Compare()
    for name, kind in fields.items():
        if kind in ("money", "number"):
            compare.numeric(name, name, offset=0.01, scale=1.0, label=name)
        elif kind == "date":
            compare.exact(name, name, label=name)
        else:
            compare.string(name, name, method="jarowinkler", label=name)
    features = compare.compute(candidates, left, right)
    # As its guide does: the sum of the similarities, of which most must be there. Its own EM found 3 % of the products.
    total = features.sum(axis=1)
    found = total[total >= ENOUGH * len(fields)]
    pairs = pd.DataFrame(
        {
            "left": found.index.get_level_values(0),
            "right": found.index.get_level_values(1),
            "weight": found.to_numpy(),
        }
    )
    tables.write(folder, pairs)


def _blocked(left: pd.DataFrame, right: pd.DataFrame, fields: tables.Fields) -> pd.MultiIndex:
    found = None
    for name, kind in fields.items():
        keys = [side[name] if kind in ("money", "number", "date") else side[name].str[:6] for side in (left, right)]
        rare = [key.map(key.value_counts()) <= MAX_BLOCK for key in keys]
        frames = [
            pd.DataFrame({"row": np.flatnonzero(few & key.notna()), "key": key[few & key.notna()].to_numpy()})
            for key, few in zip(keys, rare, strict=True)
        ]
        joined = frames[0].merge(frames[1], on="key", suffixes=("_l", "_r"))
        index = pd.MultiIndex.from_arrays([joined["row_l"], joined["row_r"]])
        found = index if found is None else found.union(index)
    assert found is not None
    return found


if __name__ == "__main__":
    main()
