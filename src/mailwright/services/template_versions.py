"""Versions of a template: drafted, published, taken back, in one language or several.

A published version never changes, so a campaign sends what its author read. Variants say the same
in other languages: they share the number and the locale group of the version they were made from.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.ids import new_id
from mailwright.domain.template_version import VersionState, require_draft
from mailwright.domain.webhook_event import EventType
from mailwright.errors import Conflict, InvalidInput, NotFound, NotReady
from mailwright.services import audit, template_fields, templates
from mailwright.services.caller import Caller
from mailwright.services.runtime import Runtime
from mailwright.services.template_fields import VersionChanges
from mailwright.services.template_views import VersionView, version_view
from mailwright.store import template_versions as store
from mailwright.store import templates as template_store
from mailwright.store.rows import Row

#: What a variant begins with: the words of the version it will translate.
_COPIED = (
    "subject",
    "preheader",
    "kind",
    "document",
    "markdown",
    "html",
    "plain_text",
    "design_kind",
    "design",
    "variables",
)


async def create_version(
    runtime: Runtime,
    caller: Caller,
    template_uuid: UUID,
    fields: VersionChanges,
    *,
    strict: bool | None = None,
) -> VersionView:
    """A new draft with the next number; with `locale_group`, a variant of that group's.

    `strict` as in `create_template`. Raises NotFound, InvalidInput, Conflict.
    """
    caller.require("templates:write")
    template = await _template(runtime, caller, template_uuid)
    values = await template_fields.version_columns(
        fields,
        before=None,
        language=template["default_locale"],
        strict=templates.is_strict(caller, strict),
    )
    async with runtime.database.transaction() as connection:
        held = await _held_template(connection, caller, template_uuid)
        made = new_id()
        if "locale_group" in fields:
            place = await _group(connection, held, fields["locale_group"])
        else:
            number = await store.next_number(connection, held["tenant_id"], held["id"])
            place: dict[str, object] = {"locale_group": made, "number": number}
        return await _add(runtime, connection, caller, {**values, **place, "uuid": made}, held)


async def get_version(
    runtime: Runtime, caller: Caller, template_uuid: UUID, version_uuid: UUID
) -> VersionView:
    """One version in full. Raises NotFound."""
    caller.require("templates:read")
    async with runtime.database.reading() as connection:
        return version_view(await existing(connection, caller, template_uuid, version_uuid))


async def change_version(
    runtime: Runtime,
    caller: Caller,
    template_uuid: UUID,
    version_uuid: UUID,
    changes: VersionChanges,
    *,
    strict: bool | None = None,
) -> VersionView:
    """The draft with `changes` made.

    Raises NotFound, InvalidInput, Conflict TEMPLATE_VERSION_PUBLISHED or DUPLICATE_RESOURCE.
    """
    caller.require("templates:write")
    async with runtime.database.transaction() as connection:
        held = await _held_template(connection, caller, template_uuid)
        row = await existing(connection, caller, template_uuid, version_uuid, hold=True)
        require_draft(row["state"])
        values = await template_fields.version_columns(
            changes,
            before=row,
            language=row["default_locale"],
            strict=templates.is_strict(caller, strict),
        )
        if "locale_group" in changes:
            values |= await _group(connection, held, changes["locale_group"])
        await _save(connection, row, values)
        await _tell(connection, runtime, held, {**row, **values}, EventType.TEMPLATE_UPDATED)
        return version_view(await existing(connection, caller, template_uuid, version_uuid))


async def create_variant(
    runtime: Runtime, caller: Caller, template_uuid: UUID, version_uuid: UUID, locale: str
) -> VersionView:
    """A draft of the same version in another language, which begins with the words of this one.

    Raises NotFound, InvalidInput, Conflict DUPLICATE_RESOURCE when there is one already.
    """
    caller.require("templates:write")
    fields = VersionChanges(locale=locale)
    spoken = await template_fields.version_columns(fields, before=None, language=None, strict=True)
    async with runtime.database.transaction() as connection:
        held = await _held_template(connection, caller, template_uuid)
        row = await existing(connection, caller, template_uuid, version_uuid)
        values = {name: row[name] for name in _COPIED}
        place = {"locale_group": row["locale_group"], "number": row["number"]}
        fresh = {"uuid": new_id(), "locale": spoken["locale"]}
        return await _add(runtime, connection, caller, {**values, **place, **fresh}, held)


async def create_next_version(
    runtime: Runtime, caller: Caller, template_uuid: UUID, version_uuid: UUID
) -> VersionView:
    """A draft with the next number that says what this version says, in all of its languages.

    The one in the language of `version_uuid`. Raises NotFound.
    """
    caller.require("templates:write")
    async with runtime.database.transaction() as connection:
        held = await _held_template(connection, caller, template_uuid)
        said = await existing(connection, caller, template_uuid, version_uuid)
        number = await store.next_number(connection, held["tenant_id"], held["id"])
        place = {"locale_group": new_id(), "number": number}
        made: dict[UUID, VersionView] = {}
        for row in await store.of_template(connection, held["tenant_id"], held["id"]):
            if row["locale_group"] == said["locale_group"]:
                old = await existing(connection, caller, template_uuid, row["uuid"])
                made[row["uuid"]] = await _add(
                    runtime, connection, caller, _copy_of(old) | place, held
                )
    return made[version_uuid]


def _copy_of(row: Row) -> dict[str, Any]:
    return {name: row[name] for name in (*_COPIED, "locale")} | {"uuid": new_id()}


async def publish_version(
    runtime: Runtime, caller: Caller, template_uuid: UUID, version_uuid: UUID
) -> VersionView:
    """The version, which may be sent from now on and no longer changes.

    Publishing twice is harmless. Raises NotFound, NotReady TEMPLATE_VERSION_EMPTY.
    """
    caller.require("templates:write")
    async with runtime.database.transaction() as connection:
        row = await existing(connection, caller, template_uuid, version_uuid, hold=True)
        if row["state"] == VersionState.DRAFT:
            if row["html"] is None:
                raise NotReady(
                    "This version has no body yet.",
                    code="TEMPLATE_VERSION_EMPTY",
                    details={"missing": ["content"]},
                )
            await _become(connection, row, VersionState.PUBLISHED, at=runtime)
            await _record(connection, caller, "publish", row)
            held = await templates.existing(connection, caller, row["template_uuid"])
            await _tell(connection, runtime, held, row, EventType.TEMPLATE_PUBLISHED)
        return version_view(await existing(connection, caller, template_uuid, version_uuid))


async def unpublish_version(
    runtime: Runtime, caller: Caller, template_uuid: UUID, version_uuid: UUID
) -> VersionView:
    """The version, a draft again: campaigns that name it are no longer ready.

    Raises NotFound, Conflict TEMPLATE_VERSION_IN_USE while a campaign is being sent from it or
    from a variant of it.
    """
    caller.require("templates:write")
    async with runtime.database.transaction() as connection:
        row = await existing(connection, caller, template_uuid, version_uuid, hold=True)
        if await store.is_being_sent(connection, row):
            raise Conflict(
                "A campaign is being sent from this version; cancel it or let it finish first.",
                code="TEMPLATE_VERSION_IN_USE",
            )
        if row["state"] == VersionState.PUBLISHED:
            await _become(connection, row, VersionState.DRAFT, at=None)
            await _record(connection, caller, "unpublish", row)
            held = await templates.existing(connection, caller, row["template_uuid"])
            await _tell(connection, runtime, held, row, EventType.TEMPLATE_UNPUBLISHED)
        return version_view(await existing(connection, caller, template_uuid, version_uuid))


async def delete_version(
    runtime: Runtime, caller: Caller, template_uuid: UUID, version_uuid: UUID
) -> None:
    """The draft is gone, in this language.

    Raises NotFound, Conflict TEMPLATE_VERSION_PUBLISHED; TEMPLATE_VERSION_IN_USE when a campaign
    names it or was sent in its languages since it was begun; TEMPLATE_VERSION_LAST.
    """
    caller.require("templates:write")
    async with runtime.database.transaction() as connection:
        held = await _held_template(connection, caller, template_uuid)
        row = await existing(connection, caller, template_uuid, version_uuid, hold=True)
        if row["state"] != VersionState.DRAFT:
            message = "A published version cannot be deleted; unpublish it first."
            raise Conflict(message, code="TEMPLATE_VERSION_PUBLISHED")
        if await store.is_named(connection, row):
            message = "A campaign names this version, or was sent from it; it is kept."
            raise Conflict(message, code="TEMPLATE_VERSION_IN_USE")
        if len(await store.of_template(connection, held["tenant_id"], held["id"])) == 1:
            message = "This is the only version; delete the template instead."
            raise Conflict(message, code="TEMPLATE_VERSION_LAST")
        await store.remove(connection, row["tenant_id"], row["id"])
        await _tell(connection, runtime, held, row, EventType.TEMPLATE_UPDATED)
        await _record(connection, caller, "delete-version", row)


async def existing(
    connection: AsyncConnection,
    caller: Caller,
    template_uuid: UUID | None,
    version_uuid: UUID,
    *,
    hold: bool = False,
) -> Row:
    """One of the caller's versions, of that template when one is named. Raises NotFound."""
    row = await store.get(connection, caller.tenant_id, version_uuid, hold=hold)
    if row is None or template_uuid not in (None, row["template_uuid"]):
        raise NotFound("There is no such version of the template.")
    return row


async def _template(runtime: Runtime, caller: Caller, template_uuid: UUID) -> Row:
    async with runtime.database.reading() as connection:
        return await templates.existing(connection, caller, template_uuid)


async def _held_template(connection: AsyncConnection, caller: Caller, template_uuid: UUID) -> Row:
    """The template, held: nobody else gives its versions numbers and languages meanwhile."""
    row = await template_store.hold(connection, caller.tenant_id, template_uuid)
    if row is None:
        raise NotFound("There is no such template.")
    return row


async def _group(connection: AsyncConnection, template: Row, group: UUID) -> dict[str, object]:
    """Number and group of the variants of `group`. Raises InvalidInput when it is not here."""
    tenant_id, template_id = template["tenant_id"], template["id"]
    found = await store.in_group(connection, tenant_id, template_id, group)
    if found is None:
        message = "The template has no version in this locale group."
        raise InvalidInput.field("locale_group", message)
    return {"locale_group": group, "number": found["number"]}


async def _add(
    runtime: Runtime,
    connection: AsyncConnection,
    caller: Caller,
    values: Mapping[str, object],
    template: Row,
) -> VersionView:
    row = {**values, "template_id": template["id"]}
    try:
        await store.add(connection, caller.tenant_id, row)
    except IntegrityError:
        raise _language_taken() from None
    found = await store.get(connection, caller.tenant_id, UUID(str(values["uuid"])))
    assert found is not None
    await _tell(connection, runtime, template, found, EventType.TEMPLATE_UPDATED)
    return version_view(found)


async def _save(connection: AsyncConnection, row: Row, values: Mapping[str, object]) -> None:
    try:
        await store.change(connection, row["tenant_id"], row["id"], values)
    except IntegrityError:
        raise _language_taken() from None


async def _become(
    connection: AsyncConnection, row: Row, state: VersionState, *, at: Runtime | None
) -> None:
    values = {"state": str(state), "published_at": at.now() if at else None}
    await store.change(connection, row["tenant_id"], row["id"], values)


async def _tell(
    connection: AsyncConnection, runtime: Runtime, template: Row, row: Row, type_: EventType
) -> None:
    version = {"version_uuid": row["uuid"], "number": row["number"], "locale": row["locale"]}
    await templates.tell(connection, runtime, template, type_, **version)


async def _record(connection: AsyncConnection, caller: Caller, deed: str, row: Row) -> None:
    about = {"template": row["slug"], "number": row["number"], "locale": row["locale"]}
    subject = f"template-version:{row['uuid']}"
    await audit.record(connection, caller, f"template.{deed}", subject, about)


def _language_taken() -> Conflict:
    message = "This version has a variant in that language already."
    return Conflict(message, code="DUPLICATE_RESOURCE", details={"locale": [message]})
