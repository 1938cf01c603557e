"""What people say to each other about a match: who is to look at it, and comments."""

from typing import Any
from uuid import UUID

from core.ids import uuid7
from core.problems import Fault, Invalid
from models import access
from models.access import Actor
from models.decision import Comment
from models.match import Match
from realtime import streams
from realtime.events.match import MatchAssigned, MatchCommented
from realtime.events.user import WorkAssigned
from realtime.unit_of_work import Answer, UnitOfWork, unit_of_work
from server.api.paging import Listing, Page, Paged, Sort
from server.books.pairs import pairs_of
from server.holds.rights import may_still
from server.match.answering import answer_with
from server.match.conflicts import expect_version
from server.match.holding import wait_briefly
from server.match.schemas import Assign, CommentCreate, CommentView
from server.store.reading import Position, reading

_HOLD_MEMBER = "SELECT 1 FROM project_members WHERE project_id = $1 AND user_id = $2 FOR SHARE"
_COMMENT = "t.*, (SELECT p.display_name FROM users p WHERE p.id = t.author_id) AS author_name"


async def assign_match(actor: Actor, match_id: UUID, body: Assign, expected: int | None) -> Answer:
    """
    Gives a match to a member of the project, or to nobody.

    Raises: NotFound, Forbidden, PreconditionRequired, VersionConflict, Invalid if the person may not decide in it, Busy.
    """
    async with unit_of_work(actor) as u:
        await wait_briefly(u)
        known = (await access.load(actor, Match, match_id, "match.assign")).row
        await refuse_unable(u, known.project_id, body.user_id)
        match = (await access.load(actor, Match, match_id, "match.assign", lock=True)).row
        await expect_version(u, match, expected, required=True)
        if await u.save(match, assignee_id=body.user_id):
            place = await place_of(u, match)
            u.publish(MatchAssigned(match_id=match.id, version=match.version, assignee=body.user_id, **place))
            if body.user_id is not None:
                u.publish(WorkAssigned(user_id=body.user_id, match_id=match.id, **place))
            u.audit(
                f"project:{match.project_id}",
                "match.assign",
                ("match", match.id),
                version=match.version,
                changed=["assignee"],
                assignee=None if body.user_id is None else str(body.user_id),
            )
        return await answer_with(u, match_id)


async def refuse_unable(u: UnitOfWork, project_id: UUID, user_id: UUID | None) -> None:
    """
    Check that a person is a member of the project who may decide, and stays it until the transaction ends. Raises: Invalid.

    The membership is locked, and looked at afterwards: whoever ends it takes the person off their matches (leaving.py).
    """
    if user_id is None:
        return
    await u.execute(_HOLD_MEMBER, project_id, user_id)
    rows = await u.execute(f"SELECT {access.in_project('$1', '$2')} AS is_member", project_id, user_id)
    if not rows[0]["is_member"]:
        raise Invalid(errors=(Fault("/user_id", "invalid_field", "is not a member of this project"),))
    if not await may_still(u, user_id, project_id, "match.decide"):
        message = "may only read in this project; give the match to somebody who may decide on it"
        raise Invalid(errors=(Fault("/user_id", "invalid_field", message),))


async def comment_on_match(actor: Actor, match_id: UUID, body: CommentCreate) -> Answer:
    """Adds a comment. Raises: NotFound, Forbidden, Busy."""
    async with unit_of_work(actor) as u:
        await wait_briefly(u)
        match = (await access.load(actor, Match, match_id, "match.comment", lock=True)).row
        comment = await Comment.create(
            using_db=u.connection,
            id=uuid7(),
            match_id=match_id,
            author_id=actor.id,
            text=body.text,
            created_at=u.at,
            updated_at=u.at,
        )
        place = await place_of(u, match)
        u.publish(MatchCommented(match_id=match.id, version=match.version, comment_id=comment.id, **place))
        u.audit(f"project:{match.project_id}", "match.comment", ("match", match.id), comment=str(comment.id))
        rows = await u.execute(f"SELECT {_COMMENT} FROM match_comments t WHERE t.id = $1", comment.id)
        return u.answer(201, _view(rows[0]), version=1)


async def list_comments(actor: Actor, match_id: UUID, query: Paged) -> tuple[Page[CommentView], Position]:
    """The comments on a match, oldest first. Raises: NotFound, Forbidden."""
    listing = Listing(_COMMENT, "match_comments t", Sort("t.id", "uuid"), f"comments/{match_id}")
    listing.where("t.match_id = ?", match_id)
    async with reading() as snapshot:
        match = (await access.load(actor, Match, match_id, "project.read_within")).row
        stream = streams.project(match.project_id) if match.job_id is None else streams.job(match.job_id)
        return await listing.page(snapshot, query, _view), await snapshot.position(stream)


async def place_of(u: UnitOfWork, match: Match) -> dict[str, Any]:
    """Where a match is, as events say it."""
    pairs = await pairs_of(u, [match.pair_id])
    pair = pairs.get(match.pair_id) if match.pair_id is not None else None
    return {
        "project_id": match.project_id,
        "job_id": match.job_id,
        "left_source": None if pair is None else pair.left_source_id,
        "right_source": None if pair is None else pair.right_source_id,
    }


def _view(row: dict[str, object]) -> CommentView:
    return CommentView.model_validate(
        {
            "id": row["id"],
            "match_id": row["match_id"],
            "author": row["author_id"],
            "author_name": row["author_name"],
            "text": row["text"],
            "at": row["created_at"],
            "edited_at": row["edited_at"],
        }
    )
