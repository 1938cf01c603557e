"""The names of streams: `noun:id`."""

from uuid import UUID

NOUNS = ("project", "job", "vault", "vault-access", "user")


def project(project_id: UUID | str) -> str:
    """The stream with a project's sources, records, plans, members and changes of jobs."""
    return f"project:{project_id}"


def job(job_id: UUID | str) -> str:
    """The stream with everything about one job and its matches."""
    return f"job:{job_id}"


def vault(vault_id: UUID | str) -> str:
    """The stream with changes of a vault's entries, without their content."""
    return f"vault:{vault_id}"


def vault_access(vault_id: UUID | str) -> str:
    """The stream with reveals and denied attempts, for a vault's managers."""
    return f"vault-access:{vault_id}"


def user(user_id: UUID | str) -> str:
    """The stream with what concerns one person: access, sessions."""
    return f"user:{user_id}"


def parse(name: object) -> tuple[str, UUID] | None:
    """The noun and the id in a stream's name, or None if it is not a valid name."""
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
