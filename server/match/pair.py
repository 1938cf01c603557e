"""Reads a pair: its matches over all jobs."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID

from core.problems import Fault, Invalid
from models import access
from models.access import Actor
from models.project import Project
from realtime import streams
from server.api import merging
from server.api.paging import COUNT_LIMIT, Listing, Page, Sort
from server.api.schemas import View
from server.books.pairs import PairOf, find_pair
from server.match import search
from server.match.queries import MATCH, SORTS, filter_matches, view_of_match
from server.match.schemas import MatchView, PairMatchList, PairQuery
from server.record.columns import columns_of
from server.store.reading import Position, Reading, reading


class _Found(View):
    """What a search has found, before it is read."""

    id: UUID


_NO_PAIR = UUID(int=0)
_DIFFERENCE = "(CASE WHEN t.turned THEN -t.difference ELSE t.difference END)"
_FROM_BOTH_SIDES = """
    SELECT (SELECT sign FROM pairs WHERE id = $1) AS sign,
        EXISTS (SELECT 1 FROM matches WHERE pair_id = $1 AND turned) AS has_turned
"""


async def pair_for(snapshot: Reading, actor: Actor, project_id: UUID, query: PairQuery | Any) -> PairOf:
    """
    The pair that somebody looks at, which may not exist yet. Raises: NotFound, Forbidden, Invalid if a source is not
    one of the project.
    """
    await access.load(actor, Project, project_id, "project.read_within")
    rows = await snapshot.rows(
        "SELECT id FROM sources WHERE id IN ($1, $2) AND project_id = $3",
        query.left_source,
        query.right_source,
        project_id,
    )
    known = {row["id"] for row in rows}
    faults = [
        Fault(f"?{name}", "invalid_field", "is not a source of this project")
        for name in ("left_source", "right_source")
        if getattr(query, name) not in known
    ]
    if not faults and query.left_source == query.right_source:
        faults = [Fault("?right_source", "invalid_field", "must differ from left_source")]
    if faults:
        raise Invalid(errors=tuple(faults))
    found = await find_pair(snapshot, query.left_source, query.right_source)
    return found or PairOf(_NO_PAIR, query.left_source, query.right_source, None)


async def list_matches(actor: Actor, project_id: UUID, query: PairMatchList) -> tuple[Page[MatchView], Position]:
    """The matches of a pair, of all its jobs and by hand. Raises: as `pair_for`."""
    async with reading() as snapshot:
        pair = await pair_for(snapshot, actor, project_id, query)
        listing = Listing(MATCH, "matches t", await sort_of(snapshot, pair, query.sort), f"matches/{project_id}")
        written_off = replace(listing, conditions=[], values=[])
        listing.where("t.pair_id = ?", pair.id)
        written_off.where(search.WRITE_OFFS, project_id, *pair.sources)
        for one in (listing, written_off):
            filter_matches(one, query)
            for column in ("job_id", "kind", "origin", "assignee_id"):
                if (value := getattr(query, column.removesuffix("_id"))) is not None:
                    one.where(f"t.{column} = ?", value)
        columns = await columns_of(snapshot, pair.sources)
        view = partial(view_of_match, columns=columns, left_source=query.left_source)
        # Most pairs have no write-offs, or none of these; then one walk along an index is all.
        places = [listing, *([written_off] if await written_off.has_more_than(snapshot, 0) else [])]
        page = await (_searched if query.q else _merged)(places, snapshot, query, view)
        return page, await snapshot.position(streams.project(project_id))


async def _merged(places: Sequence[Listing], snapshot: Reading, query: PairMatchList, view: Any) -> Page[MatchView]:
    """A page of the matches in several places."""
    if len(places) == 1:
        return await places[0].page(snapshot, query, view)
    total = sum([await one.count(snapshot) for one in places])
    found = await merging.Merged([merging.Place(replace(one, columns="t.id")) for one in places]).page(
        snapshot, query, _Found.model_validate, min(total, COUNT_LIMIT)
    )
    if total > COUNT_LIMIT:
        found = found.model_copy(update={"total": None, "total_at_least": COUNT_LIMIT})
    return await _whole(places[0], snapshot, query, view, found)


async def _searched(places: Sequence[Listing], snapshot: Reading, query: PairMatchList, view: Any) -> Page[MatchView]:
    """A page of what is found. A search that looks at few enough matches looks at all of them, so that it can count."""
    values = search.values(query.q or "")
    if not any([await one.has_more_than(snapshot, merging.SEARCHED_ROWS) for one in places]):
        for one in places:
            one.where(search.OF_MATCH, *values)
        return await _merged(places, snapshot, query, view)
    searched = [merging.Place(replace(one, columns="t.id"), search.OF_MATCH, values) for one in places]
    found = await merging.Merged(searched).page(snapshot, query, _Found.model_validate)
    return await _whole(places[0], snapshot, query, view, found)


async def _whole(
    listing: Listing, snapshot: Reading, query: PairMatchList, view: Any, found: Page[_Found]
) -> Page[MatchView]:
    """The page of matches that were found by their ids."""
    whole = Listing(listing.columns, listing.source, listing.sort, listing.binding)
    whole.where("t.id = ANY(?::text[]::uuid[])", [str(one.id) for one in found.items])
    # Read as a list of its own, which ends where its matches become too large for one page.
    page = await whole.page(snapshot, query.model_copy(update={"cursor": None, "skip": 0}), view)
    kept = found.model_dump(include={"prev_cursor", "total", "total_at_least", "looked_at"})
    return page.model_copy(update={**kept, "next_cursor": page.next_cursor or found.next_cursor})


async def sort_of(snapshot: Reading, pair: PairOf, name: str) -> Sort:
    """An order of a pair's matches. Differences are sorted as they are shown, which depends on who looks at the pair."""
    sort = SORTS[name]
    if not name.endswith("difference"):
        return sort
    found = (await snapshot.rows(_FROM_BOTH_SIDES, pair.id))[0]
    if found["sign"] != -1:
        return replace(sort, expression=_DIFFERENCE, flipped=pair.turned)
    # The difference is the same from both sides, so that those of turned matches stand in another place of the index.
    return sort if found["has_turned"] else replace(sort, expression=_DIFFERENCE)
