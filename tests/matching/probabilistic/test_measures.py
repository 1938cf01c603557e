"""Measures are written in one way, where two tables write them in several."""

import pytest

from matching.probabilistic import measures


@pytest.mark.parametrize(
    "texts",
    [
        ["Water 75 cl", "Water 750ml", "Water 0,75 l", "Water 0.75 L"],
        ['TV 15.6"', "TV 15,6 inch", "TV 15.6-Inch", "TV 15.6 in."],
        ["Disk 500GB", "Disk 0.5 TB", "Disk 500 gb"],
        ["Cola 6x33 cl", "Cola 6 x 330ml", "Cola 6 × 0,33 l"],
        ["Rice 2 kg", "Rice 2000g"],
        ["Lamp 1.5 kW", "Lamp 1500 Watts"],
    ],
)
def test_what_is_the_same_is_written_the_same(texts):
    found = {" ".join((text or "").replace(".", " ").split()) for text in measures.unified(texts)}

    assert len(found) == 1
    assert found != set(texts[:1])


@pytest.mark.parametrize("text", ["3 in 1 printer", "the 1990's", "model X500 GB", "25.4 cu ft", "12 lbx", "", None])
def test_what_is_no_measure_stays_as_it_is(text):
    assert measures.unified([text]) == [text]


def test_texts_are_left_alone_where_measures_are_written_in_one_way_or_rare():
    one_way = [f"Water {n} ml" for n in (250, 500, 750) * 10]
    several = one_way + [f"Water {n} cl" for n in (25, 50, 75) * 10]

    assert not measures.differ(one_way)
    assert measures.differ([*several, None, ""])
    assert not measures.differ(several + ["Water"] * 1000)
