"""Templates for single mails to the people of a list: a template, a sender, and where answers go.

What they say is a template like every other: each change publishes a new version of it, so that a
mail says what was published when it was asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypedDict, cast
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.errors import InvalidInput, NotFound
from mailwright.services import emails, template_rendering, template_versions, templates
from mailwright.services.caller import Caller
from mailwright.services.campaign_fields import parse_reply_to
from mailwright.services.contact_bulk import BulkContact, upsert_contacts
from mailwright.services.emails import EmailView, NewEmail
from mailwright.services.paging import Page, Paged
from mailwright.services.runtime import Runtime
from mailwright.services.template_fields import NewTemplate, VersionChanges
from mailwright.store import campaign_references as references
from mailwright.store import mail_templates as store
from mailwright.store import template_versions as version_store
from mailwright.store.rows import Row


@dataclass(frozen=True, slots=True)
class MailTemplate:
    """A template for single mails as its tenant sees it. `subject`, `html`: as published.

    Without a sender its mails go in the name of the account's default one.
    """

    uuid: UUID
    name: str
    sender_name: str | None
    sender_email: str | None
    reply_to: str | None
    subject: str | None
    html: str | None
    version_uuid: UUID
    created_at: datetime
    updated_at: datetime


class MailTemplateChanges(TypedDict, total=False):
    """The fields a call sets; absent ones stay."""

    name: str
    sender_uuid: UUID | None
    reply_to: str | None
    subject: str
    html: str
    text: str


_SAID = ("subject", "html", "text")


async def create_mail_template(
    runtime: Runtime, caller: Caller, list_uuid: UUID, fields: MailTemplateChanges
) -> MailTemplate:
    """The new template, published. Raises NotFound for the list, InvalidInput."""
    caller.require("templates:write")
    given = cast("Mapping[str, Any]", fields)
    for needed in ("name", "subject", "html"):
        if not given.get(needed):
            raise InvalidInput.field(needed, "This field is required.")
    reply_to = parse_reply_to(fields.get("reply_to"), "reply_to")
    async with runtime.database.reading() as connection:
        list_id = await _list_id(connection, caller, list_uuid)
        sender_id = await _sender_id(connection, caller, fields.get("sender_uuid"))
    said = {name: given[name] for name in ("name", *_SAID) if name in given}
    made = await templates.create_template(runtime, caller, cast("NewTemplate", said))
    await template_versions.publish_version(runtime, caller, made.uuid, made.versions[0].uuid)
    async with runtime.database.transaction() as connection:
        template = await templates.existing(connection, caller, made.uuid)
        values = {"list_id": list_id, "sender_id": sender_id, "reply_to": reply_to}
        await store.add(connection, caller.tenant_id, {"template_id": template["id"], **values})
    return await get_mail_template(runtime, caller, list_uuid, made.uuid)


async def get_mail_template(
    runtime: Runtime, caller: Caller, list_uuid: UUID, template_uuid: UUID
) -> MailTemplate:
    """One of the list's. Raises NotFound."""
    _require_reading(caller)
    async with runtime.database.reading() as connection:
        row = await _existing(connection, caller, list_uuid, template_uuid)
        return await _view(connection, caller, row)


async def page_mail_templates(
    runtime: Runtime, caller: Caller, list_uuid: UUID, page: Page
) -> Paged[MailTemplate]:
    """The list's, oldest first. Raises NotFound."""
    caller.require("templates:read")
    async with runtime.database.reading() as connection:
        list_id = await _list_id(connection, caller, list_uuid)
        rows, total = await store.page(
            connection, caller.tenant_id, list_id, limit=page.per_page, offset=page.offset
        )
        views = [await _view(connection, caller, row) for row in rows]
    return Paged(views, total, page)


async def change_mail_template(
    runtime: Runtime,
    caller: Caller,
    list_uuid: UUID,
    template_uuid: UUID,
    changes: MailTemplateChanges,
) -> MailTemplate:
    """The template with `changes` made; other words are published as a new version.

    Raises NotFound, InvalidInput.
    """
    caller.require("templates:write")
    given = cast("Mapping[str, Any]", changes)
    values: dict[str, object] = {}
    async with runtime.database.reading() as connection:
        row = await _existing(connection, caller, list_uuid, template_uuid)
        before = await _view(connection, caller, row)
        if "sender_uuid" in changes:
            values["sender_id"] = await _sender_id(connection, caller, changes["sender_uuid"])
    if "reply_to" in changes:
        values["reply_to"] = parse_reply_to(changes["reply_to"], "reply_to")
    if any(name in given for name in _SAID):
        said = {"subject": before.subject, "html": before.html}
        said |= {name: given[name] for name in _SAID if name in given}
        version = await template_versions.create_version(
            runtime, caller, template_uuid, cast("VersionChanges", said)
        )
        await template_versions.publish_version(runtime, caller, template_uuid, version.uuid)
    if "name" in changes:
        await templates.change_template(runtime, caller, template_uuid, {"name": changes["name"]})
    if values:
        async with runtime.database.transaction() as connection:
            await store.change(connection, caller.tenant_id, row["template_id"], values)
    return await get_mail_template(runtime, caller, list_uuid, template_uuid)


async def delete_mail_template(
    runtime: Runtime, caller: Caller, list_uuid: UUID, template_uuid: UUID
) -> MailTemplate:
    """The template is gone; what it was is answered. Raises NotFound, Conflict TEMPLATE_IN_USE."""
    caller.require("templates:write")
    found = await get_mail_template(runtime, caller, list_uuid, template_uuid)
    await templates.delete_template(runtime, caller, template_uuid)
    return found


async def render_mail_template(
    runtime: Runtime,
    caller: Caller,
    list_uuid: UUID,
    template_uuid: UUID,
    *,
    contact_uuid: UUID | None,
    data: Mapping[str, Any],
) -> str:
    """The HTML as the contact (None: a sample person) would read it. Raises NotFound."""
    found = await get_mail_template(runtime, caller, list_uuid, template_uuid)
    rendered = await template_rendering.render_version(
        runtime, caller, template_uuid, found.version_uuid, data=data, contact_uuid=contact_uuid
    )
    return rendered.html or ""


async def send_from_template(
    runtime: Runtime,
    caller: Caller,
    list_uuid: UUID,
    template_uuid: UUID,
    to: str,
    *,
    data: Mapping[str, Any],
    keep: bool = False,
) -> tuple[EmailView, UUID | None]:
    """One transactional mail, accepted, and its contact.

    `keep`: a recipient whom nobody knows becomes a contact on the list, `unconfirmed`: a single
    mail signs nobody up for campaigns. Raises NotFound, and what `emails.submit` raises.
    """
    caller.require("emails:write")
    async with runtime.database.reading() as connection:
        row = await _existing(connection, caller, list_uuid, template_uuid)
        found = await _view(connection, caller, row)
    mail = NewEmail(
        to,
        template_version_uuid=found.version_uuid,
        sender=row["sender_uuid"],
        reply_to=found.reply_to,
        list=list_uuid,
        data=data,
        tags=(f"template-{row['template_id']}",),
    )
    sent = await emails.submit(runtime, caller, mail)
    if sent.contact_uuid is not None or not keep:
        return sent, sent.contact_uuid
    joins = BulkContact(0, sent.to, {"contact_lists": (list_uuid,)}, "unconfirmed")
    made = await upsert_contacts(runtime, caller, [joins], source="single mail")
    return sent, made.rows[0].uuid


def _require_reading(caller: Caller) -> None:
    """Whoever may write sees what became of it."""
    if not {"templates:write", "*"} & caller.granted:
        caller.require("templates:read")


async def _existing(
    connection: AsyncConnection, caller: Caller, list_uuid: UUID, template_uuid: UUID
) -> Row:
    list_id = await _list_id(connection, caller, list_uuid)
    row = await store.get(connection, caller.tenant_id, list_id, template_uuid)
    if row is None:
        raise NotFound("There is no such template for single mails to this list.")
    return row


async def _list_id(connection: AsyncConnection, caller: Caller, list_uuid: UUID) -> int:
    found = await references.id_of(connection, caller.tenant_id, "list", list_uuid)
    if found is None:
        raise NotFound("There is no such list.")
    return found


async def _sender_id(
    connection: AsyncConnection, caller: Caller, sender_uuid: UUID | None
) -> int | None:
    if sender_uuid is None:
        return None
    found = await references.id_of(connection, caller.tenant_id, "sender", sender_uuid)
    if found is None:
        raise InvalidInput.field("sender_uuid", "There is no such sender in this account.")
    return found


async def _view(connection: AsyncConnection, caller: Caller, row: Row) -> MailTemplate:
    version = await version_store.latest_published(connection, caller.tenant_id, row["template_id"])
    if version is None:  # somebody took it back through another door
        raise NotFound("This template has no published version.")
    return MailTemplate(
        uuid=row["uuid"],
        name=row["name"],
        sender_name=row["sender_name"],
        sender_email=row["sender_email"],
        reply_to=row["reply_to"],
        subject=version["subject"],
        html=version["html"],
        version_uuid=version["uuid"],
        created_at=row["created_at"],
        updated_at=version["updated_at"],
    )
