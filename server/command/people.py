"""Accounts without a server: `tallyroom users create` and `tallyroom users password`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import get_args
from uuid import UUID

from pydantic import ValidationError

from core.email import canonical
from core.problems import Duplicate, Invalid, NotFound
from core.settings import Settings, SettingsError
from models.access import SYSTEM, UserRole
from models.user import User
from server.auth.passwords import Passwords
from server.command.offline import opened
from server.user import actions
from server.user.schemas import UserCreate


async def create(settings: Settings, email: str, role: str, name: str, password: str) -> UUID:
    """Create an account with a password. Raises: SettingsError in one line."""
    if role not in get_args(UserRole):
        raise SettingsError(f"--role: must be one of {', '.join(get_args(UserRole))}")
    try:
        body = UserCreate(email=email, display_name=name or email.split("@")[0], role=role, password=password)  # type: ignore[arg-type]  # checked above
    except ValidationError as error:
        raise SettingsError(error.errors()[0]["msg"].removeprefix("Value error, ")) from None
    async with _opened(settings) as passwords:
        try:
            await actions.create_user(SYSTEM, body, passwords)
        except Duplicate:
            raise SettingsError(f"there is already an account with the address {body.email}") from None
        return UUID(str((await User.get(email=body.email)).id))


async def reset_password(settings: Settings, email: str, password: str) -> UUID:
    """Set a new password for an account and end its sessions. Raises: SettingsError in one line."""
    try:
        address = canonical(email)
    except ValueError as error:
        raise SettingsError(str(error)) from None
    async with _opened(settings) as passwords:
        try:
            return await actions.reset_password(SYSTEM, address, password, passwords)
        except NotFound:
            raise SettingsError(f"there is no account with the address {address}") from None


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[Passwords]:
    async with opened(settings) as keyring:
        passwords = Passwords(settings, keyring)
        try:
            yield passwords
        except Invalid as refusal:
            raise SettingsError(f"the password {refusal.errors[0].message}") from None
        finally:
            passwords.close()
