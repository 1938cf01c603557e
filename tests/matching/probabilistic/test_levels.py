from dataclasses import replace

import numpy as np
import pytest

from matching.probabilistic import levels, texts
from matching.probabilistic.levels import DAY_EDGES, OTHER_PART, OTHER_SIGN, RATIO_EDGES, SWAPPED
from matching.probabilistic.values import NumberField, PartField, TextField, Values, are_near


def values(*fields: TextField | NumberField, rows: tuple[int, int]) -> Values:
    left, right = (np.arange(count, dtype=np.int32) for count in rows)
    of_texts = [field for field in fields if isinstance(field, TextField)]
    return Values(left, right, of_texts, [field for field in fields if isinstance(field, NumberField)], [])


def text_field(name: str, left: list[str], right: list[str]) -> TextField:
    return TextField(name, texts.clean(left), texts.clean(right))


def test_similarities_have_steps_of_a_twentieth_and_equal_texts_a_level_of_their_own():
    found = levels.similarity_levels(np.array([np.nan, 0.0, 0.049, 0.05, 0.9998, 0.9999, 1.0]))

    assert found.tolist() == [0, 1, 1, 2, 20, 21, 21]


def test_ratios_are_signed_and_equal_numbers_have_a_level_of_their_own():
    ratios = np.log([0.5, 0.99, 1.0, 1.01, 2.0])

    found = levels.ratio_levels(np.append(ratios, [np.inf, np.nan]))

    assert (np.diff(found[:5]) > 0).all()
    assert found[2] == len(RATIO_EDGES) // 2 + 1
    assert found[5:].tolist() == [OTHER_SIGN, 0]


def test_days_near_zero_have_levels_of_their_own():
    found = levels.day_levels(np.array([-400, -1, 0, 1, 2, 400, np.nan]))

    assert len(set(found.tolist())) == 7
    assert found[-1] == 0
    assert found.max() <= len(DAY_EDGES) + 1


def test_dates_that_differ_as_mistakes_in_writing_do_have_levels_of_their_own():
    born = ["1980-03-05"] * 5 + ["1980-03-31"]
    other = ["1980-05-03", "1990-03-05", "1980-11-05", "1990-11-05", "1980-03-09", "1980-05-01"]
    left, right = (np.array(side, "datetime64[D]").astype(np.float64) for side in (born, other))
    field = NumberField("born", np.append(left, np.nan), np.append(right, 5.0), is_days=True)
    comparison = levels.compare(values(field, rows=(7, 7))).comparisons[0]
    row = np.arange(7, dtype=np.int32)

    found = comparison.level(comparison.measure((row, row)))

    assert found[:3].tolist() == [SWAPPED, OTHER_PART, OTHER_PART]
    assert found[3:6].tolist() == levels.day_levels(right - left)[3:6].tolist()
    assert found[6] == 0
    assert found.max() < comparison.count


def test_years_are_compared_by_their_difference():
    years = np.array([1999.0, 1999.0, 1999.0])
    field = NumberField("year", years, np.array([1999.0, 2000.0, 2006.0]), is_days=True, is_years=True)
    comparison = levels.compare(values(field, rows=(3, 3))).comparisons[0]
    row = np.arange(3, dtype=np.int32)

    assert comparison.compare == "difference"
    assert len(set(comparison.level(comparison.measure((row, row))).tolist())) == 3


@pytest.mark.parametrize(
    ("numbers", "found"), [([1950, 2024], True), ([120, 700], False), ([1950.5, 2024], False), ([], False)]
)
def test_whole_numbers_near_each_other_are_compared_by_their_difference(numbers, found):
    assert are_near(np.array([*numbers, np.nan])) is found


def test_numbers_of_other_sign_or_against_zero_have_no_ratio():
    field = NumberField("amount", np.array([5.0, 0.0, 5.0, np.nan]), np.array([-5.0, 0.0, 0.0, 1.0]), is_days=False)
    comparison = levels.compare(values(field, rows=(4, 4))).comparisons[0]

    row = np.arange(4, dtype=np.int32)
    found = comparison.level(comparison.measure((row, row)))

    assert found.tolist() == [OTHER_SIGN, len(RATIO_EDGES) // 2 + 1, OTHER_SIGN, 0]


def test_short_texts_are_also_compared_by_what_they_begin_with():
    short = text_field("payer", ["Acme Trading GmbH"], ["ACME TRAD"])
    long = text_field("title", ["a chair of red oak for the large table"], ["a chair of oak"])

    found = levels.compare(values(short, long, rows=(1, 1))).comparisons

    assert [(one.field, one.compare) for one in found] == [
        ("payer", "similarity"),
        ("payer", "prefix"),
        ("title", "similarity"),
        (levels.ALL_TEXTS, "similarity"),
    ]
    nothing = np.zeros(1, np.int32)
    assert found[1].measure((nothing, nothing)).tolist() == [1.0]
    assert 0.1 < found[2].measure((nothing, nothing))[0] < 1


def test_codes_are_compared_where_texts_have_them():
    field = text_field("name", ["tv x100 black", "tv y2"], ["x100", "lamp"])

    codes = levels.compare(values(field, rows=(2, 2))).comparisons[-1]
    found = codes.measure((np.array([0, 1, 0], np.int32), np.array([0, 0, 1], np.int32)))

    assert codes.compare == "codes"
    assert found[:2].tolist() == [1.0, 0.0]
    assert np.isnan(found[2])


@pytest.mark.parametrize("text", ["", None])
def test_a_missing_text_has_no_similarity(text):
    field = TextField("who", texts.clean(["acme", text]), texts.clean(["acme"]))

    comparison = levels.compare(values(field, rows=(2, 1))).comparisons[0]
    found = comparison.measure((np.array([0, 1], np.int32), np.zeros(2, np.int32)))

    assert comparison.level(found).tolist() == [21, 0]


def test_of_a_reference_by_which_rows_were_matched_it_is_known_that_it_is_mostly_equal():
    names = text_field("number", ["R-101", "R-102"], ["R-101", "R-103"])
    field = TextField(names.name, names.left, names.right, is_settled=True)

    found = levels.compare(replace(values(field, rows=(2, 2)), matched=40)).comparisons

    for comparison in found[:2]:
        assert comparison.known is not None
        assert comparison.known.tolist() == [0] * 21 + [40]
    assert levels.compare(values(names, rows=(2, 2))).comparisons[0].known is None


def test_a_part_is_compared_with_the_whole_and_what_all_parts_say_is_not_counted_once_more():
    whole = texts.clean(["LOZANO NAVARRO, NOELIA", "Gil, Eva"])
    parts = [texts.clean(some) for some in (["Noelia", ""], ["Lozano", "Gil"])]
    joined = TextField("given", texts.together(parts), whole)
    fields = [PartField(name, part, whole, is_left=True) for name, part in zip(("given", "family"), parts, strict=True)]

    found = levels.compare(replace(values(joined, rows=(2, 2)), parts=fields)).comparisons

    assert [(one.field, one.compare) for one in found] == [("given", "part"), ("family", "part")]
    row, other = np.array([0, 0, 1], np.int32), np.array([0, 1, 1], np.int32)
    given, family = (one.measure((row, other)) for one in found)
    assert given[0] == family[0] == family[2] == 1
    assert given[1] < 0.4
    assert np.isnan(given[2])


@pytest.mark.parametrize(
    ("form", "is_catalogue"), [("{n} market street west side", False), ("great speaker XB{n}Q black", True)]
)
def test_only_texts_that_name_models_or_measures_are_a_catalogue(form, is_catalogue):
    column = [form.format(n=1000 + n) for n in range(20)]

    assert (
        levels.compare(values(text_field("text", column, column), rows=(20, 20))).catalogue is not None
    ) is is_catalogue


def test_the_one_text_of_a_catalogue_is_compared_as_a_whole_too_if_it_is_joined_of_parts():
    titles, brands = [f"great speaker XB{n}Q black" for n in range(20)], ["Acme", "Bolt"] * 10
    parts = [texts.clean(titles), texts.clean(brands)]
    whole = texts.clean([f"{brand} {title}" for brand, title in zip(brands, titles, strict=True)])
    joined = TextField("title", texts.together(parts), whole)
    fields = [PartField(name, part, whole, is_left=True) for name, part in zip(("title", "brand"), parts, strict=True)]

    found = levels.compare(replace(values(joined, rows=(20, 20)), parts=fields)).comparisons

    kinds = [(one.field, one.compare) for one in found]
    assert {("title", "similarity"), ("title", "part"), ("brand", "part")} <= set(kinds)
