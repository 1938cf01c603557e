"""The audit log over HTTP."""

from aiohttp import web

from core import problems
from server.api.endpoint import ApiRequest, QueryRequest
from server.api.keys import KEYRING
from server.api.paging import Page
from server.api.reply import reply_view
from server.api.routing import Routes
from server.audit import queries, verification
from server.audit.schemas import AuditList, AuditView, BrokenChain, SystemAuditList, VerificationView

routes = Routes("audit")


@routes.get(
    "/projects/{id}/audit",
    scope="read",
    query=AuditList,
    answers={200: Page[AuditView]},
    problems=(problems.NotFound, problems.Forbidden),
)
async def list_project_audit(api: QueryRequest[AuditList]) -> web.StreamResponse:
    """List what happened in a project, newest first."""
    return reply_view(await queries.project_audit(api.actor, api.path_id(), api.query))


@routes.get("/audit", query=SystemAuditList, answers={200: Page[AuditView]}, problems=(problems.Forbidden,))
async def list_audit(api: QueryRequest[SystemAuditList]) -> web.StreamResponse:
    """List the audit log of all chains, newest first. For administrators."""
    return reply_view(await queries.whole_audit(api.actor, api.query))


@routes.post(
    "/audit/verify",
    answers={200: VerificationView},
    problems=(problems.Forbidden,),
    stores_answer=False,
    heavy=True,
)
async def verify_audit(api: ApiRequest) -> web.StreamResponse:
    """
    Recompute every chain and name the first broken row of each. For administrators. A cut-off tail is not detected.
    """
    if api.actor.role != "admin":
        raise problems.Forbidden("Only administrators may verify the audit log.")
    report = await verification.verify_with(api.settings, api.request.app[KEYRING].audit)
    return reply_view(
        VerificationView(
            intact=report.is_intact,
            rows=report.rows,
            chains=report.chains,
            broken=[BrokenChain(chain=chain, detail=detail) for chain, detail in report.broken],
        )
    )
