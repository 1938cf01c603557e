"""Names of streams: `noun:id`."""

from uuid import UUID

NOUNS = ("project", "job", "vault", "vault-access", "user")


def project(project_id: UUID | str) -> str:
    """Sources, records, plans, members and the transitions of jobs."""
    return f"project:{project_id}"


def job(job_id: UUID | str) -> str:
    """Everything about one run and its matches."""
    return f"job:{job_id}"


def vault(vault_id: UUID | str) -> str:
    """Changes of entries, without their content."""
    return f"vault:{vault_id}"


def vault_access(vault_id: UUID | str) -> str:
    """Reveals and denied attempts, for managers."""
    return f"vault-access:{vault_id}"


def user(user_id: UUID | str) -> str:
    """What concerns one person: access, sessions."""
    return f"user:{user_id}"


def parse(name: object) -> tuple[str, UUID] | None:
    """Noun and id of a stream's name; None when it is no such name."""
    if not isinstance(name, str) or len(name) > 64:
        return None
    noun, _, text = name.partition(":")
    if noun not in NOUNS:
        return None
    try:
        found = UUID(text)
    except ValueError:
        return None
    return (noun, found) if str(found) == text else None
