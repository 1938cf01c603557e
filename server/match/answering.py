"""Answers a verb with the match as it is once the change is committed, which is what a GET shows afterwards."""

from uuid import UUID

from realtime.unit_of_work import Answer, UnitOfWork
from server.match import queries
from server.store.reading import Reading


async def answer_with(u: UnitOfWork, match_id: UUID, status: int = 200) -> Answer:
    """
    Answer with a match.

    Of the history, what is no decision is an audit row, and those are written only when the change ends. So call this
    after the `u.audit` of a note, such as a signature.
    """
    view = await queries.detail_of(Reading(u.connection), match_id, u.audited("match", match_id))
    return u.answer(status, view, version=view.version)
