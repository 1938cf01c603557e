"""Links to exports that a browser can follow: POST /downloads makes one, GET /downloads answers it once."""

import re
from urllib.parse import parse_qsl, quote, urlsplit
from uuid import UUID

from pydantic import ValidationError

from core.problems import Fault, Forbidden, Invalid
from models import access
from models.access import Actor
from models.job import Job
from server.api.body.faults import faults_of
from server.api.endpoint import parse_id
from server.auth.tickets import issue_ticket
from server.auth.tokens import Tokens
from server.export.schemas import ExportQuery

ROUTE = "/api/v1/downloads"
_EXPORT = re.compile(r"/api/v1/jobs/([0-9A-Za-z-]{1,64})/export")


async def make_link(tokens: Tokens, actor: Actor, path: str) -> str:
    """
    A link for the export at a path.

    Raises: Invalid if the path is none of an export, NotFound, Forbidden for a program, which sends its token instead.
    """
    job_id, _ = export_at(path)
    if actor.session_id is None:
        raise Forbidden("A program fetches an export with its token. Links are for browsers.")
    await access.load(actor, Job, job_id, "project.read_within")
    return f"{ROUTE}?ticket={quote(await issue_ticket(tokens, actor, path))}"


def export_at(path: str) -> tuple[UUID, ExportQuery]:
    """The job and the query of an export's path. Raises: Invalid, NotFound."""
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
    try:
        query = ExportQuery.model_validate(dict(pairs))
    except ValidationError as error:
        raise Invalid(
            errors=tuple(
                Fault("/path", f.code, f"?{f.pointer.lstrip('/')[:64]}: {f.message}") for f in faults_of(error)
            )
        ) from None
    return parse_id(found[1]), query


def _invalid(message: str) -> Invalid:
    return Invalid(errors=(Fault("/path", "invalid_field", message),))
