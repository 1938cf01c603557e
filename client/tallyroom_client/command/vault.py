"""`vault get`."""

import sys
from argparse import Namespace
from typing import Any

from ..client import Client
from .names import Noun, as_id, id_of, only
from .output import ExitCode, note, visible
from .shapes import CREATED, NAMED, REVEALED, VAULT, checked
from .waiting import Hint

MAY_REVEAL = ("reader", "editor", "vault_manager")


async def get(client: Client, arguments: Namespace, _: Hint) -> int:
    """Reveal a secret and print it, and nothing else."""
    entry = as_id(arguments.entry) or await _by_name(client, arguments)
    body: dict[str, Any] = {"fields": ["secret"]}
    if arguments.reason:
        body["reason"] = arguments.reason
    # Without a key, so that a lost answer is not revealed and recorded a second time.
    revealed = checked(await client.post(f"/entries/{entry}/reveal", body, key=""), REVEALED)
    _print(revealed["fields"]["secret"])
    return ExitCode.DONE


def _print(secret: str) -> None:
    """Print a secret as it is, but write what would control a terminal so that it can be seen and does nothing."""
    shown = visible(secret) if sys.stdout.isatty() else secret
    # As UTF-8 whatever the terminal's encoding is: an error about a character that it lacks would show that character.
    sys.stdout.buffer.write((shown + "\n").encode())
    sys.stdout.flush()
    if shown != secret:
        note(
            "The secret has characters that control a terminal, written here like \\x1b. "
            "Send the output to a file or a pipe to get it as it is."
        )


async def _by_name(client: Client, arguments: Namespace) -> str:
    """The id of the only entry with a name, in the vaults that were named or in all."""
    found = []
    for vault in await _vaults(client, arguments):
        entries = client.all(f"/vaults/{vault}/entries", q=arguments.entry[:200])
        found += [entry async for entry in entries if checked(entry, NAMED)["name"] == arguments.entry]
    return only("entry", arguments.entry, found)


async def _vaults(client: Client, arguments: Namespace) -> list[str]:
    if arguments.vault is not None and (vault := as_id(arguments.vault)):
        return [vault]
    if arguments.project is not None:
        projects = [await id_of(client, Noun("project", "/projects", {}), arguments.project)]
    else:
        projects = [checked(project, CREATED)["id"] async for project in client.all("/projects")]
    vaults = []
    for project in projects:
        listed = client.all(f"/projects/{project}/vaults")
        vaults += [vault async for vault in listed if checked(vault, VAULT)["my_role"] in MAY_REVEAL]
    if arguments.vault is not None:
        return [only("vault", arguments.vault, [vault for vault in vaults if vault["name"] == arguments.vault])]
    return [vault["id"] for vault in vaults]
