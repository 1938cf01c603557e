"""Reason codes: why a record was written off, or a difference booked."""

from typing import Any
from uuid import UUID

import orjson

from core.problems import Fault, Invalid
from realtime.unit_of_work import UnitOfWork

# Those of a project that has not written its own. Fees and rates have codes that plans use.
DEFAULT_REASONS: tuple[dict[str, Any], ...] = (
    {"code": "fee", "label": "Fee", "account": None},
    {"code": "fx", "label": "Exchange rate difference", "account": None},
    {"code": "rounding", "label": "Rounding", "account": None},
    {"code": "discount", "label": "Discount", "account": None},
    {"code": "duplicate", "label": "Duplicate", "account": None},
    {"code": "bad_debt", "label": "Bad debt", "account": None},
    {"code": "other", "label": "Other", "account": None},
)


async def refuse_unknown_reason(u: UnitOfWork, project_id: UUID, code: str | None, pointer: str) -> None:
    """Check that the project has this reason code. Raises: Invalid, which names those that there are."""
    if code is None:
        return
    rows = await u.execute("SELECT reason_codes::text AS codes FROM projects WHERE id = $1", project_id)
    known = [reason["code"] for reason in orjson.loads(rows[0]["codes"]) or DEFAULT_REASONS]
    if code not in known:
        message = f"is not a reason code of this project. Use one of: {', '.join(known)}"
        raise Invalid(errors=(Fault(pointer, "invalid_field", message),))
