"""Links to exports that a browser can follow: POST /downloads makes one, GET /downloads answers it once."""

import re
from urllib.parse import parse_qsl, quote, urlsplit

from pydantic import ValidationError

from core.problems import Fault, Forbidden, Invalid
from models.access import Actor
from server.api.body.faults import faults_of
from server.api.endpoint import parse_id
from server.auth.tickets import issue_ticket
from server.auth.tokens import Tokens
from server.export.schemas import ExportQuery, PairExportQuery
from server.export.targets import JobTarget, PairTarget, Target
from server.store.reading import reading

ROUTE = "/api/v1/downloads"
_EXPORT = re.compile(r"/api/v1/(jobs|projects)/([0-9A-Za-z-]{1,64})/export")


async def make_link(tokens: Tokens, actor: Actor, path: str) -> str:
    """
    A link for the export at a path.

    Raises: Invalid if the path is none of an export, NotFound, Forbidden for a program, which sends its token instead.
    """
    target = target_at(path)
    if actor.session_id is None:
        raise Forbidden("A program fetches an export with its token. Links are for browsers.")
    try:
        async with reading() as snapshot:
            await target.check(actor, snapshot)
    except Invalid as invalid:
        raise Invalid(
            errors=tuple(Fault("/path", f.code, f"{f.pointer}: {f.message}") for f in invalid.errors)
        ) from None
    return f"{ROUTE}?ticket={quote(await issue_ticket(tokens, actor, path))}"


def target_at(path: str) -> Target:
    """What the path of an export is about. Raises: Invalid, NotFound."""
    try:
        parts = urlsplit(path)
        pairs = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query), errors="strict")
    except ValueError:
        raise _invalid("is not a path with a query") from None
    found = _EXPORT.fullmatch(parts.path)
    if parts.scheme or parts.netloc or parts.fragment or found is None:
        raise _invalid("must be the path of an export, such as /api/v1/jobs/{id}/export?format=xlsx")
    if len(dict(pairs)) < len(pairs):
        raise _invalid("has a parameter twice")
    is_pair = found[1] == "projects"
    try:
        query = (PairExportQuery if is_pair else ExportQuery).model_validate(dict(pairs))
    except ValidationError as error:
        raise Invalid(
            errors=tuple(
                Fault("/path", f.code, f"?{f.pointer.lstrip('/')[:64]}: {f.message}") for f in faults_of(error)
            )
        ) from None
    row_id = parse_id(found[2])
    return PairTarget(row_id, query) if isinstance(query, PairExportQuery) else JobTarget(row_id, query)


def _invalid(message: str) -> Invalid:
    return Invalid(errors=(Fault("/path", "invalid_field", message),))
