"""Read queries for sources."""

from typing import Any
from uuid import UUID

import orjson

from models import access, sql
from models.access import Actor
from models.project import Project
from models.source import Source
from models.status import SourceStatus
from realtime import streams
from server.api.paging import Listing, Page, Sort
from server.source.schemas import (
    LeftOutList,
    LeftOutView,
    ProfileView,
    RejectList,
    RejectView,
    SourceList,
    SourceView,
)
from server.store.reading import Position, reading

_SORTS = {"name": Sort("t.name", "text"), "created_at": Sort("t.created_at", "timestamptz")}


async def list_sources(actor: Actor, project_id: UUID, query: SourceList) -> tuple[Page[SourceView], Position]:
    """The sources of a project. Unfinished uploads are not listed. Raises: NotFound, Forbidden."""
    name = query.sort.lstrip("-")
    sort = Sort(_SORTS[name].expression, _SORTS[name].cast, descending=query.sort.startswith("-"))
    listing = Listing("t.*", "sources t", sort, f"sources/{project_id}")
    listing.where("t.project_id = ?", project_id)
    if query.status:
        listing.where("t.status = ?", query.status)
    else:
        listing.where(f"t.status <> '{SourceStatus.PENDING}'")
    async with reading() as snapshot:
        await access.load(actor, Project, project_id, "project.read_within")
        page = await listing.page(snapshot, query, _view)
        return page, await snapshot.position(streams.project(project_id))


async def get_source(actor: Actor, source_id: UUID) -> tuple[Source, Position]:
    """A source, loaded through its actor. Raises: NotFound, Forbidden."""
    async with reading() as snapshot:
        source = (await access.load(actor, Source, source_id, "project.read_within")).row
        return source, await snapshot.position(streams.project(source.project_id))


async def profile_of(actor: Actor, source_id: UUID) -> ProfileView:
    """The columns, their types and the suggested mapping. Raises: NotFound, Forbidden."""
    source, _ = await get_source(actor, source_id)
    suggested = source.detection.get("suggested_mapping", source.mapping)
    return ProfileView(
        columns=source.profile,
        suggested_mapping=suggested,
        questions=source.questions,
        remembered=source.detection.get("remembered"),
    )


async def list_rejects(actor: Actor, source_id: UUID, query: RejectList) -> tuple[Page[RejectView], Position]:
    """Rows that were not loaded, in line order. Raises: NotFound, Forbidden."""
    listing = Listing(
        't.line, t."row", t."column", t.code, t.message, t.value_type',
        "source_rejects t",
        Sort("t.line", "bigint", tie_cast="bigint"),
        f"rejects/{source_id}",
    )
    listing.where("t.source_id = ?", source_id)
    if query.code:
        listing.where("t.code = ?", query.code)
    async with reading() as snapshot:
        source = (await access.load(actor, Source, source_id, "project.read_within")).row
        page = await listing.page(snapshot, query, _reject)
        return page, await snapshot.position(streams.project(source.project_id))


async def list_left_out(actor: Actor, source_id: UUID, query: LeftOutList) -> tuple[Page[LeftOutView], Position]:
    """Rows that are no bookings, in line order. Raises: NotFound, Forbidden."""
    listing = Listing(
        't.line, t."row", t.reason, t.detail, t.data::text AS data_text',
        "source_left_out t",
        Sort("t.line", "bigint", tie_cast="bigint"),
        f"left-out/{source_id}",
    )
    listing.where("t.source_id = ?", source_id)
    if query.reason:
        listing.where("t.reason = ?", query.reason)
    async with reading() as snapshot:
        source = (await access.load(actor, Source, source_id, "project.read_within")).row
        columns = [column["name"] for column in source.profile]
        page = await listing.page(snapshot, query, lambda row: _left_out(row, columns))
        return page, await snapshot.position(streams.project(source.project_id))


def _view(row: dict[str, Any]) -> SourceView:
    return SourceView.of(sql.hydrate(Source, row))


def _reject(row: dict[str, Any]) -> RejectView:
    return RejectView(**{name: row[name] for name in RejectView.model_fields})


def _left_out(row: dict[str, Any], columns: list[str]) -> LeftOutView:
    data = None if row["data_text"] is None else orjson.loads(row["data_text"])
    return LeftOutView(
        line=row["line"],
        row=row["row"],
        reason=row["reason"],
        detail=row["detail"],
        # JSONB does not keep the order of the columns.
        data=data and {name: data[name] for name in columns if name in data},
    )
