"""Read queries for projects and members."""

import json
from typing import Any
from uuid import UUID

from core.money import Money
from models import access
from models.access import Actor
from models.project import Project
from models.status import LIVE_JOB, JobStatus, MatchStatus, SourceStatus, sql_list
from realtime import streams
from server.api.paging import Listing, Page, Sort
from server.match.reasons import DEFAULT_REASONS
from server.project.schemas import MemberList, MemberView, ProjectCounts, ProjectList, ProjectView, ReasonView
from server.store.reading import Position, Reading, reading

# The newest completed job gives the project's numbers of open records. What waits for a decision are suggestions, and write-offs
# that wait for a second person.
_COUNTS = f"""
    (SELECT count(*) FROM sources s WHERE s.project_id = t.id AND s.status <> '{SourceStatus.PENDING}') AS sources,
    (SELECT count(*) FROM reconciliation_jobs j WHERE j.project_id = t.id
       AND j.status IN {sql_list(LIVE_JOB)}) AS jobs_running,
    (SELECT coalesce(sum(e.records), 0)::bigint FROM book_entries e JOIN pairs p ON p.id = e.pair_id
       WHERE p.project_id = t.id AND e.source_id IS NULL AND e.term = '{MatchStatus.SUGGESTED}')
    + (SELECT count(*) FROM matches w WHERE w.project_id = t.id AND w.pair_id IS NULL
       AND w.status = '{MatchStatus.SUGGESTED}') AS to_review,
    (SELECT j.counts FROM reconciliation_jobs j WHERE j.project_id = t.id AND j.status = '{JobStatus.COMPLETED}'
       ORDER BY j.id DESC LIMIT 1)::text AS newest
"""
_COLUMNS = f"t.*, m.role AS my_role, {_COUNTS}"
_SORTS = {"name": Sort("t.name", "text"), "created_at": Sort("t.created_at", "timestamptz")}


async def list_projects(actor: Actor, query: ProjectList) -> Page[ProjectView]:
    """The projects that the actor may see. An administrator sees all."""
    name = query.sort.lstrip("-")
    sort = Sort(_SORTS[name].expression, _SORTS[name].cast, descending=query.sort.startswith("-"))
    listing = Listing(_COLUMNS, "projects t LEFT JOIN project_members m ON m.project_id = t.id", sort, "projects")
    # The membership is part of the join, so its condition goes into the ON clause of the outer join.
    listing.source += f" AND m.user_id = $1 AND {access.in_force('m')}"
    listing.values.append(actor.user_id)
    if actor.role != "admin":
        listing.where("m.role IS NOT NULL")
    if actor.limits is not None and actor.limits.project_ids is not None:
        listing.where("t.id = ANY(?::text[]::uuid[])", [str(one) for one in actor.limits.project_ids])
    async with reading() as snapshot:
        return await listing.page(snapshot, query, _view)


async def get_project(actor: Actor, project_id: UUID) -> tuple[ProjectView, Position]:
    """A project, loaded through its actor. Raises: NotFound."""
    async with reading() as snapshot:
        await access.load(actor, Project, project_id, "project.read")
        return await view_of(snapshot, actor, project_id), await snapshot.position(streams.project(project_id))


async def view_of(snapshot: Reading, actor: Actor, project_id: UUID) -> ProjectView:
    """The view of a project that the actor was allowed to load."""
    rows = await snapshot.rows(
        f"SELECT {_COLUMNS} FROM projects t LEFT JOIN project_members m ON m.project_id = t.id AND m.user_id = $2 "
        f"AND {access.in_force('m')} WHERE t.id = $1",
        project_id,
        actor.id,
    )
    return _view(rows[0])


async def counts_of(snapshot: Reading, project_id: UUID) -> ProjectCounts | None:
    """The counts of a project, or None if it is gone."""
    rows = await snapshot.rows(f"SELECT {_COUNTS} FROM projects t WHERE t.id = $1", project_id)
    return _counts(rows[0]) if rows else None


async def members_of(actor: Actor, project_id: UUID) -> tuple[MemberList, Position]:
    """The members of a project. Raises: NotFound."""
    async with reading() as snapshot:
        await access.load(actor, Project, project_id, "project.members.read")
        rows = await snapshot.rows(
            "SELECT m.user_id, u.display_name, m.role, m.expires_at FROM project_members m "
            "JOIN users u ON u.id = m.user_id WHERE m.project_id = $1 ORDER BY u.display_name, u.id",
            project_id,
        )
        items = [MemberView(**row) for row in rows]
        return MemberList(items=items, total=len(items)), await snapshot.position(streams.project(project_id))


def _view(row: dict[str, Any]) -> ProjectView:
    return ProjectView(
        id=row["id"],
        name=row["name"],
        description=row["description"] if row["my_role"] else "",  # hidden from an administrator without membership
        my_role=row["my_role"] or "admin",
        timezone=row["timezone"],
        reason_codes=[ReasonView(**reason) for reason in _parsed(row["reason_codes"]) or DEFAULT_REASONS],
        **{name: _limit(row[name]) for name in ("write_off_limit", "four_eyes_over", "auto_confirm_up_to")},
        counts=_counts(row),
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        version=row["version"],
    )


def _parsed(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def _limit(value: Any) -> Money | None:
    found = _parsed(value)
    return None if found is None else Money(**found)


def _counts(row: dict[str, Any]) -> ProjectCounts:
    newest = json.loads(row["newest"] or "{}")
    return ProjectCounts(
        sources=row["sources"],
        jobs_running=row["jobs_running"],
        to_review=row["to_review"],
        open_left=newest.get("open_left", 0),
        open_right=newest.get("open_right", 0),
    )
