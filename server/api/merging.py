"""
Lists that are read from several places in the same order, and searches.

Each place is one walk along an index; the pages are merged here, because PostgreSQL would read and sort all of it. A search
looks at a bounded number of rows and says so (`Page.looked_at`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from core.problems import Fault, Invalid
from server.api.paging import Item, Listing, Page, Paged, Step, seal, unseal, views_of
from server.store.reading import Reading

SEARCHED_ROWS = 20_000  # of a place, for one page: about 0.2 s
FIRST_STEP_ROWS = 500  # that a search looks at first; then more and more
_NO_LIMIT = 2**62
_PARSED: dict[str, Callable[[str], Any]] = {"numeric": Decimal}
Position = tuple[Any, str]


@dataclass(frozen=True)
class Place:
    """A list, and what it is searched for: a condition, in which each `?` stands for the next value."""

    listing: Listing
    condition: str | None = None
    values: tuple[Any, ...] = ()


@dataclass
class Stretch:
    """Rows of one place, and up to where it was looked at; None for all of it."""

    listing: Listing
    rows: list[dict[str, Any]] = field(default_factory=list)
    reached: Position | None = None
    begun: Position | None = None  # the first row that a search has looked at
    looked_at: int = 0
    is_cut: bool = False  # because many rows have been looked at


@dataclass(frozen=True)
class Merged:
    """Places whose rows make one list. They have the same sort; their columns are cheap, or fetched in the end."""

    places: Sequence[Place]

    @property
    def is_search(self) -> bool:
        """Whether somebody looks for something."""
        return any(place.condition is not None for place in self.places)

    async def page(
        self, reading: Reading, query: Paged, view: Callable[[dict[str, Any]], Item], total: int | None = None
    ) -> Page[Item]:
        """
        Read one page. `total` is how many rows there are, if nobody searches. Raises: Invalid (invalid_cursor).
        """
        digest = self.places[0].listing.digest(query)
        backwards, after = unseal(query.cursor, digest) if query.cursor else (False, None)
        if query.cursor and query.skip:
            raise Invalid(errors=(Fault("?skip", "invalid_field", "give a cursor or skip, not both"),))
        wanted = query.model_copy(update={"limit": query.skip + query.limit, "skip": 0})
        stretches = [await self._stretch(one, reading, wanted, after, backwards=backwards) for one in self.places]
        rows, reached = self._merge(stretches, query.skip, query.limit, backwards=backwards)
        if self.is_search:
            rows = await _fetched(reading, rows)
        if backwards:
            rows.reverse()
        is_partial = self.is_search and any(one.is_cut for one in stretches) and reached is not None
        ahead, behind = (reached is not None, query.cursor is not None or query.skip > 0)
        if backwards:
            ahead, behind = True, reached is not None
        edge = _row_at(reached)
        # Of a page on which nothing was found, the way back begins at what it looked at first.
        begun = _row_at(self._first(stretches, backwards=backwards))
        last = edge if edge is not None and not backwards else (rows[-1][1] if rows else begun)
        first = edge if edge is not None and backwards else (rows[0][1] if rows else begun)
        count = len(rows) if self.is_search else total
        is_whole = not self.is_search or not (ahead or behind)
        return Page(
            items=await views_of([row for _, row in rows], view),
            next_cursor=seal(last, digest, backwards=False) if last is not None and ahead else None,
            prev_cursor=seal(first, digest, backwards=True) if first is not None and behind else None,
            total=count if is_whole else None,
            total_at_least=None if is_whole else count,
            looked_at=sum(one.looked_at for one in stretches) if is_partial else None,
        )

    async def _stretch(
        self, place: Place, reading: Reading, query: Paged, after: Position | None, *, backwards: bool
    ) -> Stretch:
        listing = place.listing
        if place.condition is not None:
            return await _searched(place, reading, query, after, backwards=backwards)
        rows, more = await listing.rows(reading, query, after, backwards=backwards)
        return Stretch(listing, rows, (rows[-1]["_sort"], rows[-1]["_tie"]) if more else None)

    def _order(self, *, backwards: bool) -> tuple[Callable[[Position], Any], bool]:
        """What positions are sorted by, and whether the largest comes first."""
        sort = self.places[0].listing.sort

        is_first = sort.descending != sort.flipped  # of the largest key; a missing value comes last all the same

        def key(position: Position) -> Any:
            value, tie = position
            return ((value is None) != is_first, 0 if value is None else _PARSED.get(sort.cast, str)(value), tie)

        return key, (sort.descending != backwards) != sort.flipped

    def _first(self, stretches: list[Stretch], *, backwards: bool) -> Position | None:
        key, is_descending = self._order(backwards=backwards)
        begun = sorted((one.begun for one in stretches if one.begun is not None), key=key, reverse=is_descending)
        return begun[0] if begun else None

    def _merge(
        self, stretches: list[Stretch], skip: int, limit: int, *, backwards: bool
    ) -> tuple[list[tuple[Listing, dict[str, Any]]], Position | None]:
        """The rows of the page with their places, and the position after which the list goes on, if it does."""
        key, is_descending = self._order(backwards=backwards)
        rows = [((row["_sort"], row["_tie"]), one.listing, row) for one in stretches for row in one.rows]
        rows.sort(key=lambda row: key(row[0]), reverse=is_descending)
        ends = sorted((one.reached for one in stretches if one.reached is not None), key=key, reverse=is_descending)
        end = ends[0] if ends else None
        if end is not None:  # behind it there may be rows that nobody has looked at
            rows = [row for row in rows if row[0] == end or (key(row[0]) < key(end)) != is_descending]
        found = rows[skip : skip + limit]
        more = len(rows) > skip + limit
        return [(listing, row) for _, listing, row in found], found[-1][0] if more else end


def _row_at(position: Position | None) -> dict[str, Any] | None:
    """The part of a row that a cursor is made of."""
    return None if position is None else {"_sort": position[0], "_tie": position[1]}


async def _searched(
    place: Place, reading: Reading, query: Paged, after: Position | None, *, backwards: bool
) -> Stretch:
    """Look at rows along the order until there are enough, or many have been looked at."""
    listing = place.listing
    sort = listing.sort
    is_descending = sort.descending != backwards
    parts = sort.parts(after, backwards=backwards)
    found = Stretch(listing)
    size = FIRST_STEP_ROWS
    last: Position | None = None
    for part in parts:
        while found.looked_at < SEARCHED_ROWS and len(found.rows) <= query.limit:
            number = min(size, SEARCHED_ROWS - found.looked_at)
            step = Step(part, after, is_descending != sort.flipped, number, 0, _NO_LIMIT)
            rows = await reading.rows(*_looking(place, step))
            looked_at = rows[-1]["_n"] if rows else 0
            found.rows += [row for row in rows if row["_found"]]
            found.looked_at += looked_at
            if rows:
                found.begun = found.begun or (rows[0]["_sort"], rows[0]["_tie"])
                after = last = (rows[-1]["_sort"], rows[-1]["_tie"])
            if looked_at < number:
                break
            size *= 4
        else:
            # Otherwise the next page would look at nothing, and have no way back.
            following = Step(part, after, is_descending != sort.flipped, 1, 0, _NO_LIMIT)
            if len(found.rows) > query.limit or await reading.rows(*_looking(place, following)):
                found.reached = last
                found.is_cut = found.looked_at >= SEARCHED_ROWS
                return found
        after = None
    return found


def _looking(place: Place, step: Step) -> tuple[Any, ...]:
    """The statement that looks at some rows, and its values: the rows that are found, and the first and the last one in any case."""
    condition, listing = place.condition or "true", place.listing
    looking = Listing("", listing.source, listing.sort, listing.binding, listing.conditions, list(listing.values))
    for value in place.values:
        looking.values.append(value)
        condition = condition.replace("?", f"${len(looking.values)}", 1)
    sql, values = looking.statement(step, f"({condition}) AS _found")
    numbered = f"SELECT x.*, row_number() OVER () AS _n, lead(true, 1, false) OVER () AS _goes_on FROM ({sql}) x"
    return f"SELECT * FROM ({numbered}) y WHERE _found OR NOT _goes_on OR _n = 1", *values


async def _fetched(
    reading: Reading, rows: list[tuple[Listing, dict[str, Any]]]
) -> list[tuple[Listing, dict[str, Any]]]:
    """The columns of rows that were found."""
    whole: dict[str, dict[str, Any]] = {}
    for listing in {id(one): one for one, _ in rows}.values():
        ties = [row["_tie"] for one, row in rows if one is listing]
        values = [*listing.values, ties]
        sort = listing.sort
        for row in await reading.rows(
            f"SELECT {listing.columns}, ({sort.expression})::text AS _sort, ({sort.tie})::text AS _tie "
            f"FROM {listing.source} {listing.adorn} "
            f"WHERE {' AND '.join([*listing.conditions, f'{sort.tie} = ANY(${len(values)}::text[]::{sort.tie_cast}[])'])}",
            *values,
        ):
            whole[row["_tie"]] = row
    return [(listing, whole[row["_tie"]]) for listing, row in rows]
