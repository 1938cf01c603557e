"""Splink on two tables: `python -m bench.peers.with_splink FOLDER` writes peer.csv."""

import logging

import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

from bench.peers import tables

SEED = 1
THRESHOLD = 0.1
RARE = 50  # rows of a side that share a word, at most, for a block


def main() -> None:
    """Learn from blocks on each field, and predict."""
    logging.disable(logging.WARNING)
    folder = tables.folder_of_arguments()
    left, right, fields = tables.read(folder)
    for name, kind in fields.items():
        if kind not in ("money", "number", "date"):
            for side in (left, right):
                words = side[name].fillna("").str.findall(r"\w+").map(lambda found: sorted(set(found)))
                counts = words.explode().value_counts()
                side[f"{name}_words"] = words
                side[f"{name}_rare"] = words.map(lambda found, counts=counts: [w for w in found if counts[w] <= RARE])
    database = DuckDBAPI()
    sides = [
        database.register(side, dataset_display_name=name)
        for side, name in ((left, "left_table"), (right, "right_table"))
    ]
    rules = [rule for name, kind in fields.items() for rule in _blocks(name, kind)]
    settings = SettingsCreator(
        link_type="link_only",
        comparisons=[found for name, kind in fields.items() for found in _comparisons(name, kind)],
        blocking_rules_to_generate_predictions=rules,
        probability_two_random_records_match=min(len(left), len(right)) / max(1, len(left) * len(right)),
    )
    linker = Linker(sides, settings, log_level=None)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=SEED)
    for rule in [block_on(name) for name in fields][:2]:
        linker.training.estimate_parameters_using_expectation_maximisation(rule)
    found = linker.inference.predict(threshold_match_probability=THRESHOLD).as_pandas_dataframe()
    pairs = found.rename(columns={"unique_id_l": "left", "unique_id_r": "right", "match_weight": "weight"})
    tables.write(folder, pairs)


def _comparisons(name: str, kind: str) -> list[object]:
    if kind in ("money", "number"):
        near = f"abs({name}_l - {name}_r) <= 0.02 * abs({name}_l)"
        levels = [
            {
                "sql_condition": f"{name}_l IS NULL OR {name}_r IS NULL",
                "label_for_charts": "null",
                "is_null_level": True,
            },
            {"sql_condition": f"{name}_l = {name}_r", "label_for_charts": "equal"},
            {"sql_condition": near, "label_for_charts": "near"},
            {"sql_condition": "ELSE", "label_for_charts": "else"},
        ]
        return [cl.CustomComparison(output_column_name=name, comparison_levels=levels)]
    if kind == "date":
        return [cl.LevenshteinAtThresholds(name, [1, 2])]
    return [
        cl.JaroWinklerAtThresholds(name, [0.92, 0.8, 0.7]),
        cl.ArrayIntersectAtSizes(f"{name}_words", [6, 4, 3, 2, 1]),
    ]


def _blocks(name: str, kind: str) -> list[object]:
    if kind in ("money", "number", "date"):
        return [block_on(name)]
    return [block_on(name), block_on(f"{name}_rare", arrays_to_explode=[f"{name}_rare"])]


if __name__ == "__main__":
    main()
