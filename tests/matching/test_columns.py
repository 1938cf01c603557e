"""Columns that seem to mean the same, in tables never seen before."""

import random
from contextlib import closing, contextmanager

import pyarrow as pa
import pytest

from matching import columns, duck, fields
from matching.plan import PlanField
from matching.reading.values import install_macros
from matching.sample import Sample

WORDS = ("red", "oak", "lamp", "desk", "sofa", "steel", "glass", "soft", "mini", "large")


@contextmanager
def samples(left: dict[str, list], right: dict[str, list]):
    with closing(duck.connect()) as connection:
        install_macros(connection)
        tables = (pa.table({name: pa.array(map(str, v)) for name, v in side.items()}) for side in (left, right))
        yield [Sample(connection, side, table) for side, table in zip("lr", tables, strict=True)]


@pytest.fixture
def pair():
    connections = []

    def find(left: dict[str, list], right: dict[str, list], known: dict[str, PlanField] | None = None):
        connection = duck.connect()
        install_macros(connection)
        connections.append(connection)
        tables = (pa.table({name: pa.array(map(str, v)) for name, v in side.items()}) for side in (left, right))
        samples = [Sample(connection, side, table) for side, table in zip("lr", tables, strict=True)]
        found = columns.pair(*samples, known or {})
        return {name: (field.type, field.left, field.right) for name, field in found.items()}

    yield find
    for connection in connections:
        connection.close()


def titles(seed: int) -> list[str]:
    chance = random.Random(seed)
    return [" ".join(chance.choices(WORDS, k=4)) for _ in range(300)]


def numbers(seed: int, highest: int) -> list[str]:
    chance = random.Random(seed)
    return [f"{chance.uniform(1, highest):.2f}" for _ in range(300)]


def test_columns_are_paired_by_what_is_in_them(pair):
    years = [str(1990 + n % 15) for n in range(300)]

    found = pair(
        {"Titel": titles(1), "Jahr": years, "Preis": numbers(3, 900)},
        {"cost": numbers(4, 900), "product": titles(2), "published": years[::-1]},
    )

    assert found["Titel"] == ("text", "Titel", "product")
    assert found["Jahr"] == ("number", "Jahr", "published")


def test_postal_codes_are_texts_and_no_amounts(pair):
    codes = [str(n * n % 8999 + 1000) for n in range(300)]

    found = pair({"town": titles(1), "PLZ": codes}, {"place": titles(2), "zip": codes[::-1]})

    assert found["PLZ"] == ("text", "PLZ", "zip")
    amounts = [str(n * n % 8999 + 10) for n in range(300)]
    with samples({"PLZ": codes, "sum": amounts}, {"zip": codes}) as (left, _):
        assert [column.name for column in fields.numeric(left, set(), None)] == ["sum"]
        assert [column.name for column in fields.numeric(left, set(), "PLZ")] == ["PLZ", "sum"]


@pytest.mark.integration
def test_rows_that_are_numbered_say_nothing_and_neither_does_a_constant(pair):
    side = {"id": list(range(300)), "country": ["DE"] * 300}

    found = pair(side | {"title": titles(1)}, side | {"title": titles(2)})

    assert set(found) == {"title"}


@pytest.mark.integration
def test_identifiers_of_different_things_are_not_paired(pair):
    chance = random.Random(5)
    ids = [[f"{letter}{n}" for n in chance.sample(range(10**6), 300)] for letter in "LR"]
    shared = ids[0][::-1]

    assert "id" not in pair({"id": ids[0], "t": titles(1)}, {"id": ids[1], "t": titles(2)})
    assert "id" in pair({"id": ids[0], "t": titles(1)}, {"id": shared, "t": titles(2)})


def test_columns_of_known_fields_are_not_used_again(pair):
    known = {"party": PlanField(type="text", left="title", right="title")}

    found = pair({"title": titles(1), "Größe": titles(3)}, {"title": titles(2), "size": titles(4)}, known)

    assert list(found.values()) == [("text", "Größe", "size")]


def test_names_that_no_field_can_have_are_replaced(pair):
    found = pair({"標題": titles(1), "1st": titles(3)}, {"標題": titles(2), "1st": titles(4)})

    assert set(found) == {"field", "field 2"}


@pytest.mark.integration
def test_columns_that_one_column_of_the_other_side_joins_are_all_paired_with_it():
    chance = random.Random(5)
    families, given = [f"fam{n}" for n in range(40)], [f"giv{n}" for n in range(30)]
    people = [(chance.choice(families), chance.choice(given), f"{10_000 + n % 50}") for n in range(400)]
    towns = [f"town{code}" for *_, code in people]
    left = {"family": [p[0] for p in people], "given": [p[1] for p in people], "code": [p[2] for p in people]}
    left |= {"town": towns, "stars": [str(1 + n % 5) for n in range(400)]}
    right = {"name": [f"{p[0].upper()}, {p[1]}" for p in people[::-1]]}
    right |= {"place": [f"{p[2]} {town}" for p, town in zip(people, towns, strict=True)]}
    right |= {"motto": titles(3) + titles(4)[:100]}

    with samples(left, right) as (first, second):
        found = columns.parts(first, second, {"party": PlanField(type="text", left="given", right="name")})
        turned = columns.parts(second, first, {})

    assert {(field.left, field.right) for field in found.values()} == {
        ("family", "name"),
        ("code", "place"),
        ("town", "place"),
    }
    assert {(field.left, field.right) for field in turned.values()} == {
        ("name", "family"),
        ("name", "given"),
        ("place", "code"),
        ("place", "town"),
    }


@pytest.mark.integration
def test_a_column_that_says_more_than_the_columns_it_has_is_no_join_of_them():
    chance = random.Random(6)
    makers, sizes = ("acme", "bolt", "cord", "dune"), ("small", "wide", "tall")
    rows = [(chance.choice(makers), chance.choice(sizes)) for _ in range(300)]
    left = {"maker": [r[0] for r in rows], "size": [r[1] for r in rows]}
    right = {"name": [f"{r[0]} {title} {r[1]}" for r, title in zip(rows, titles(2), strict=True)]}

    with samples(left, right) as (first, second):
        assert columns.parts(first, second, {}) == {}


@pytest.mark.integration
def test_brand_and_model_beside_a_title_are_paired_with_the_title_that_has_them():
    chance = random.Random(6)
    brands = [chance.choice(("Acme", "Bolt", "Cora", "Delta")) for _ in range(300)]
    models = [f"X{n}K" for n in range(300)]
    long = [" ".join(parts) for parts in zip(brands, titles(1), titles(3), strict=True)]
    left = {"name": [f"{m} {t}" for m, t in zip(models, long, strict=True)]}
    # Where no models are in it, a word that a name has as well is not a part of the name.
    plain = {"name": [f"New {t}" for t in long]}
    right = {"title": long, "brand": brands, "model": models}
    known = {"party": PlanField(type="text", left="name", right="title")}

    with samples(left, right) as (first, second):
        found = columns.parts(first, second, known)
    with samples(plain, right) as (first, second):
        nothing = columns.parts(first, second, known)

    assert {(field.left, field.right) for field in found.values()} == {("name", "brand"), ("name", "model")}
    assert nothing == {}
