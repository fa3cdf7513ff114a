"""Projects: SMTP transports, each with its limits, its default sender and its audience."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.ids import new_id
from mailwright.errors import Conflict, InvalidInput, NotFound
from mailwright.services import audit, transports
from mailwright.services.caller import Caller
from mailwright.services.paging import Page, Paged
from mailwright.services.project_transports import (
    TransportChanges,
    TransportFacts,
    changed,
    facts,
)
from mailwright.services.runtime import Runtime
from mailwright.store import projects as store
from mailwright.store import senders
from mailwright.store.rows import Row
from mailwright.wire.smtp_probe import Probe, Step, probe

#: A person waits for the answer.
TEST_TIMEOUT_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class ProjectView(TransportFacts):
    """A project. `outage_since`: since when its server refuses us, `outage_reason`: its words.

    `rate_per_second`: mails, null: no limit; `connections`: at once. The password is never shown.
    """

    uuid: UUID
    name: str
    is_default: bool
    default_sender_uuid: UUID | None
    outage_since: datetime | None
    outage_reason: str | None
    created_at: datetime
    updated_at: datetime


class ProjectChanges(TransportChanges, total=False):
    """The fields a call sets; absent ones stay as they are."""

    name: str
    is_default: bool
    default_sender_uuid: UUID | None


@dataclass(frozen=True, slots=True)
class ProjectTest:
    """What the server said when we tried. `phase`: where it ended; `reply`: its last words.

    `tls`: the version, null for plain text; `sentence`: the outcome in words.
    """

    ok: bool
    phase: str
    reply: str | None
    tls: str | None
    extensions: list[str]
    sentence: str
    steps: list[Step]


async def create_project(runtime: Runtime, caller: Caller, fields: ProjectChanges) -> ProjectView:
    """The new project. Raises InvalidInput, or Conflict when the name is taken."""
    caller.require("projects:write")
    values = {"uuid": new_id(), "smtp_url_sealed": None, **changed(runtime.keys, None, fields)}
    async with runtime.database.transaction() as connection:
        values |= await _columns(connection, caller, fields)
        if values.get("is_default"):
            await store.choose_default(connection, caller.tenant_id)
            await store.no_default(connection, caller.tenant_id)
        if await store.add(connection, caller.tenant_id, values) is None:
            raise _name_taken()
        view = _view(runtime, await _existing(connection, caller, cast("UUID", values["uuid"])))
        await _record(connection, caller, "create", view, fields)
    return view


async def get_project(runtime: Runtime, caller: Caller, project_uuid: UUID) -> ProjectView:
    """One project. Raises NotFound."""
    caller.require("projects:read")
    async with runtime.database.reading() as connection:
        return _view(runtime, await _existing(connection, caller, project_uuid))


async def page_projects(runtime: Runtime, caller: Caller, page: Page) -> Paged[ProjectView]:
    """Projects by name."""
    caller.require("projects:read")
    async with runtime.database.reading() as connection:
        rows, total = await store.page(
            connection, caller.tenant_id, limit=page.per_page, offset=page.offset
        )
    return Paged([_view(runtime, row) for row in rows], total, page)


async def change_project(
    runtime: Runtime, caller: Caller, project_uuid: UUID, changes: ProjectChanges
) -> ProjectView:
    """The project with `changes` made; its waiting campaigns try the new transport at once.

    Raises NotFound, InvalidInput, Conflict for a taken name or PROJECT_IS_DEFAULT.
    """
    caller.require("projects:write")
    async with runtime.database.transaction() as connection:
        if changes.get("is_default"):
            await store.choose_default(connection, caller.tenant_id)
        row = await _existing(connection, caller, project_uuid, lock=True)
        values = changed(runtime.keys, row, changes)
        values |= await _columns(connection, caller, changes)
        if values.get("is_default"):
            await store.no_default(connection, caller.tenant_id)
        elif row["is_default"] and "is_default" in values:
            raise _is_default()
        try:
            await store.change(connection, caller.tenant_id, row["id"], values)
        except IntegrityError:
            raise _name_taken() from None
        view = _view(runtime, await _existing(connection, caller, project_uuid))
        await _record(connection, caller, "change", view, changes)
    return view


async def delete_project(runtime: Runtime, caller: Caller, project_uuid: UUID) -> None:
    """The project and its password are gone. Raises NotFound, Conflict PROJECT_IS_DEFAULT, or
    PROJECT_IN_USE while a campaign that is not over, a waiting mail or a contact needs it."""
    caller.require("projects:write")
    async with runtime.database.transaction() as connection:
        row = await _existing(connection, caller, project_uuid, lock=True)
        if row["is_default"]:
            raise _is_default()
        if await store.is_needed(connection, caller.tenant_id, row["id"]):
            raise Conflict(
                "A campaign that is not over, mails that wait, or contacts belong to this project; "
                "give them another one first.",
                code="PROJECT_IN_USE",
            )
        await store.remove(connection, caller.tenant_id, row["id"])
        await audit.record(
            connection, caller, "project.delete", f"project:{project_uuid}", {"name": row["name"]}
        )


async def check_project(runtime: Runtime, caller: Caller, project_uuid: UUID) -> ProjectTest:
    """What the project's server says to us now: connect, TLS, EHLO, AUTH, QUIT; no mail.

    Raises NotFound, OperatorError when the built-in inbox is not running.
    """
    caller.require("projects:write")
    async with runtime.database.reading() as connection:
        row = await _existing(connection, caller, project_uuid)
        routed = await transports.resolve(
            runtime, connection, caller.tenant_id, row["id"], sandbox=False
        )
    found = await probe(
        routed.transport,
        helo=transports.helo_name(runtime.settings),
        timeout_seconds=TEST_TIMEOUT_SECONDS,
    )
    return _test(found)


def _test(found: Probe) -> ProjectTest:
    encrypted = f"over {found.tls_version}" if found.tls_version else "without encryption"
    return ProjectTest(
        ok=found.failure is None,
        phase=str(found.phase),
        reply=found.steps[-1].reply if found.steps else None,
        tls=found.tls_version,
        extensions=[f"{word} {more}".strip() for word, more in found.extensions.items()],
        sentence=found.failure or f"The mail server takes our mail, {encrypted}.",
        steps=list(found.steps),
    )


async def _existing(
    connection: AsyncConnection, caller: Caller, project_uuid: UUID, *, lock: bool = False
) -> Row:
    row = await store.seen(connection, caller.tenant_id, project_uuid, lock=lock)
    if row is None:
        raise NotFound("There is no such project.")
    return row


async def _columns(
    connection: AsyncConnection, caller: Caller, fields: ProjectChanges
) -> dict[str, Any]:
    """The columns that are not the transport's."""
    values: dict[str, Any] = {}
    if "name" in fields:
        values["name"] = fields["name"]
    if "is_default" in fields:
        values["is_default"] = fields["is_default"]
    if "default_sender_uuid" in fields:
        values["sender_id"] = await _sender_id(connection, caller, fields["default_sender_uuid"])
    return values


async def _sender_id(
    connection: AsyncConnection, caller: Caller, sender_uuid: UUID | None
) -> int | None:
    if sender_uuid is None:
        return None
    row = await senders.get(connection, caller.tenant_id, sender_uuid)
    if row is None:
        raise InvalidInput.field("default_sender_uuid", "There is no such sender in this account.")
    return row["id"]


async def _record(
    connection: AsyncConnection,
    caller: Caller,
    deed: str,
    view: ProjectView,
    fields: ProjectChanges,
) -> None:
    about = {"name": view.name, "transport": view.transport, "set": sorted(fields)}
    await audit.record(connection, caller, f"project.{deed}", f"project:{view.uuid}", about)


def _is_default() -> Conflict:
    return Conflict(
        "This is the default project; make another one the default first.",
        code="PROJECT_IS_DEFAULT",
    )


def _name_taken() -> Conflict:
    message = "There is a project of that name already."
    return Conflict(message, code="DUPLICATE_RESOURCE", details={"name": [message]})


def _view(runtime: Runtime, row: Row) -> ProjectView:
    found = facts(runtime.keys, row)
    return ProjectView(
        **{name: getattr(found, name) for name in TransportFacts.__dataclass_fields__},
        uuid=row["uuid"],
        name=row["name"],
        is_default=row["is_default"],
        default_sender_uuid=row["sender_uuid"],
        outage_since=row["outage_since"],
        outage_reason=row["outage_reason"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
