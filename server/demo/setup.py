"""
Creates the demo: first the accounts, then a project with a vault, two uploaded files, a plan, and a job that matches
the files by it.
"""

import asyncio
import hashlib
from uuid import UUID

from core import log
from core.demo import ACCOUNTS, PASSWORD
from core.envelope import key_ring
from core.ids import uuid7
from core.problems import Problem
from core.settings import Settings
from models.access import SYSTEM, Actor
from models.job import Job
from models.plan import Plan
from models.project import Project
from models.source import Source, SourceChunk
from models.status import SourceStatus
from models.user import User
from realtime import unit_of_work as work
from realtime.events import source as events
from realtime.unit_of_work import unit_of_work
from server.auth.passwords import Passwords
from server.demo import plan, story
from server.demo.vault import make_vault
from server.job.actions import create_job
from server.job.schemas import JobCreate
from server.plan.actions import create_plan
from server.plan.schemas import PlanWrite
from server.project.actions import create_project, put_member, update_project
from server.project.schemas import MemberPut, ProjectCreate, ProjectUpdate, Reason
from server.source.event import event_of
from server.source.upload import CHUNK_BYTES
from server.store import database
from server.store.hints import hinter_of
from server.store.keyring import open_keyring
from server.store.queue import enqueue
from server.user.actions import create_user
from server.user.schemas import UserCreate
from server.vault.cipher import VaultCipher

NAME = "Demo: March payments"
DESCRIPTION = "What a trading company invoiced in March, and the bank statement that pays it. All of it is made up."
FILES = (("Ledger", "ledger.csv"), ("Bank statement", "bank.csv"))
LOADING_S = 120
logger = log.get(__name__)


async def make(settings: Settings) -> None:
    """Create whatever the demo lacks. Prints `accounts` once people can sign in."""
    async with database.opened(settings, "tallyroom demo", pool=2):
        keyring = await open_keyring(key_ring(settings))
        hinter = hinter_of(settings, keyring)
        work.install(work.Ledger(audit_key=keyring.audit, hint=hinter.hint, hint_state=hinter.hint_state))
        hinter.start()
        try:
            await _make_accounts(settings, keyring)
            print("accounts", flush=True)
            await _make_project(settings, VaultCipher(keyring.provider))
        finally:
            await hinter.stop()


async def _make_accounts(settings: Settings, keyring: object) -> None:
    passwords = Passwords(settings, keyring)  # type: ignore[arg-type]  # the keyring that was just opened
    try:
        for email, name, role in ACCOUNTS:
            if not await User.filter(email=email).exists():
                body = UserCreate(email=email, display_name=name, role=role, password=PASSWORD)  # type: ignore[arg-type]  # one of the three roles
                await create_user(SYSTEM, body, passwords, is_demo=True)
    finally:
        passwords.close()


async def _make_project(settings: Settings, cipher: VaultCipher) -> None:
    manager = await User.get(email="manager@tallyroom.example")
    actor = Actor("user", manager.id, role=manager.role)
    project = await Project.filter(name=NAME).first()
    if project is None:
        await create_project(actor, ProjectCreate(name=NAME, description=DESCRIPTION))
        project = await Project.get(name=NAME)
        for email, role in (("admin@tallyroom.example", "owner"), ("user@tallyroom.example", "analyst")):
            member = await User.get(email=email)
            await put_member(actor, project.id, member.id, MemberPut(role=role))  # type: ignore[arg-type]  # one of the roles
    reader = await User.get(email="user@tallyroom.example")
    try:
        await make_vault(actor, cipher, project.id, reader.id)
    except Problem as refusal:  # somebody took away the manager's or the user's rights
        logger.warning("the demo's vault could not be created", problem_code=refusal.code)
    await make_books(actor, project.id, settings.demo_rows)


async def make_books(actor: Actor, project_id: UUID, rows: int) -> None:
    """Create whatever a project lacks of the demo's books, and match them, unless something was matched before."""
    if await Job.filter(project_id=project_id).exists():
        return
    if not await Source.filter(project_id=project_id).exists():
        files = await asyncio.to_thread(story.books, rows)
        for (name, filename), body in zip(FILES, files, strict=True):
            await _store(actor, project_id, name, filename, body)
    if not (await Project.get(id=project_id)).reason_codes:
        reasons = [Reason(**reason) for reason in plan.REASONS]
        await update_project(actor, project_id, ProjectUpdate(reason_codes=reasons), None)
    if not await Plan.filter(project_id=project_id).exists():
        await create_plan(actor, project_id, PlanWrite(name=plan.NAME, document=plan.DOCUMENT))
    stored = await Plan.filter(project_id=project_id).order_by("id").first()
    sources = await _until_ready(project_id)
    if sources is not None and stored is not None:
        left, right = sources
        await create_job(actor, project_id, JobCreate(left_source=left, right_source=right, plan=stored.id))


async def _store(actor: Actor, project_id: UUID, name: str, filename: str, body: bytes) -> None:
    async with unit_of_work(actor) as u:
        source = await Source.create(
            using_db=u.connection,
            id=uuid7(),
            project_id=project_id,
            name=name,
            format="csv",
            filename=filename,
            size_bytes=len(body),
            sha256=hashlib.sha256(body).hexdigest(),
            status=SourceStatus.LOADING,
            created_by=actor.id,
            created_at=u.at,
            updated_at=u.at,
        )
        for number, start in enumerate(range(0, len(body), CHUNK_BYTES)):
            await SourceChunk.create(
                using_db=u.connection, source_id=source.id, number=number, body=body[start : start + CHUNK_BYTES]
            )
        await enqueue(u, "source.load", source.id)
        u.publish(event_of(events.SourceCreated, source))
        u.audit(f"project:{project_id}", "source.upload", ("source", source.id), version=1)


async def _until_ready(project_id: UUID) -> tuple[UUID, UUID] | None:
    for _ in range(LOADING_S * 5):
        sources = await Source.filter(project_id=project_id).order_by("id")
        if len(sources) >= 2 and all(source.status == SourceStatus.READY for source in sources[:2]):
            return sources[0].id, sources[1].id
        if any(source.status == SourceStatus.FAILED for source in sources):
            break
        await asyncio.sleep(0.2)
    logger.warning("the demo's files were not loaded; its job was not started")
    return None
