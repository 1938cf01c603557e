"""Making and revoking API tokens."""

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from core.api_token import digest_of, new_secret, prefix_of
from core.clock import now
from core.ids import uuid7
from core.problems import Fault, Invalid, NotFound, OverLimit
from models import access
from models.access import Actor
from models.project import Project
from models.scope import SCOPES
from models.user import ApiToken
from models.vault import Vault
from realtime.events.api_token import ApiTokenCreated, ApiTokenRevoked
from realtime.unit_of_work import UnitOfWork, unit_of_work
from server.auth.api_tokens.schemas import ApiTokenCreate, ApiTokenMade, ApiTokenView
from server.auth.sessions import entered_lately

LONGEST = timedelta(days=365)
MAX_TOKENS = 50  # per person, also counting those that have expired


async def create_token(actor: Actor, body: ApiTokenCreate) -> ApiTokenMade:
    """
    Make a token. The answer that is stored for a repeated request does not have its secret.

    Raises: Invalid, StepUpRequired unless the person signed in or entered the password in the last five minutes,
    OverLimit.
    """
    if body.expires_at > now() + LONGEST:
        fault = f"must lie within the next {LONGEST.days} days"
        raise Invalid(errors=(Fault("/expires_at", "invalid_field", fault),))
    secret = new_secret()
    async with unit_of_work(actor) as u:
        owner = await entered_lately(u, actor, ("pwd", "google"))
        if await ApiToken.filter(user_id=owner.id, revoked_at=None).using_db(u.connection).count() >= MAX_TOKENS:
            raise OverLimit(f"You have {MAX_TOKENS} API tokens. Revoke one that you do not need, then make another.")
        await _refuse_unseen(actor, body)
        token = await ApiToken.create(
            using_db=u.connection,
            id=uuid7(),
            user_id=owner.id,
            name=body.name,
            hash=digest_of(secret),
            scopes=[scope for scope in SCOPES if scope in body.scopes],
            project_ids=_texts(body.project_ids),
            vault_ids=_texts(body.vault_ids),
            networks=_texts(body.networks),
            expires_at=body.expires_at,
            created_at=u.at,
            updated_at=u.at,
        )
        u.publish(ApiTokenCreated(user_id=owner.id, token_id=token.id))
        u.audit("account", "api_token.create", ("api_token", token.id), version=1, scopes=token.scopes)
        view = ApiTokenView.of(token)
        u.answer(201, view, version=1)
    return ApiTokenMade(**view.model_dump(), token=f"{prefix_of(token.id)}_{secret}")


async def revoke_token(actor: Actor, token_id: UUID) -> None:
    """Revoke one of the actor's own tokens, at once and on its sockets. Raises: NotFound."""
    async with unit_of_work(actor) as u:
        tokens = ApiToken.filter(id=token_id, user_id=actor.user_id).using_db(u.connection)
        token = await tokens.select_for_update(no_key=True).first()
        if token is None:
            raise NotFound
        if token.revoked_at is None:
            await u.save(token, revoked_at=u.at)
            u.publish(ApiTokenRevoked(user_id=actor.user_id, token_id=token.id))
            u.audit("account", "api_token.revoke", ("api_token", token.id), version=token.version)


async def forget_tokens(u: UnitOfWork, user_id: UUID) -> None:
    """
    Revoke the tokens of a person who is being deleted, and remove what they say. The rows stay, since the audit log
    names their ids.
    """
    await u.execute(
        "UPDATE api_tokens SET revoked_at = coalesce(revoked_at, $2), updated_at = $2, version = version + 1, name = '', "
        "project_ids = NULL, vault_ids = NULL, networks = NULL WHERE user_id = $1",
        user_id,
        u.at,
    )


async def _refuse_unseen(actor: Actor, body: ApiTokenCreate) -> None:
    """Check that the person may see what the token is limited to. Raises: Invalid, the same as for unknown ids."""
    projects = await access.seen(actor, Project, body.project_ids or [])
    vaults = await access.seen(actor, Vault, body.vault_ids or [])
    faults = [
        Fault(f"/project_ids/{at}", "invalid_field", "is not a project that you may see")
        for at, wanted in enumerate(body.project_ids or [])
        if wanted not in projects
    ]
    for at, wanted in enumerate(body.vault_ids or []):
        if wanted not in vaults:
            faults.append(Fault(f"/vault_ids/{at}", "invalid_field", "is not a vault that you may see"))
        elif body.project_ids is not None and vaults[wanted] not in body.project_ids:
            faults.append(Fault(f"/vault_ids/{at}", "invalid_field", "is not in one of the token's projects"))
    if faults:
        raise Invalid(errors=tuple(faults))


def _texts(values: Iterable[object] | None) -> list[str] | None:
    """The values as JSON holds them, each once."""
    return None if values is None else list(dict.fromkeys(str(value) for value in values))
