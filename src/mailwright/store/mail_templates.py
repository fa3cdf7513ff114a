"""Templates for single mails to the people of a list: whose they are, beside what they say."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.store.rows import AnySelect, Row, every, maybe_one
from mailwright.store.tables import mail_templates, senders, templates

_OWN = mail_templates.c


def _seen(tenant_id: int, list_id: int) -> AnySelect:
    template = (_OWN.tenant_id == templates.c.tenant_id) & (_OWN.template_id == templates.c.id)
    sender = (_OWN.tenant_id == senders.c.tenant_id) & (_OWN.sender_id == senders.c.id)
    return (
        select(
            _OWN.template_id,
            _OWN.sender_id,
            _OWN.reply_to,
            templates.c.uuid,
            templates.c.name,
            templates.c.created_at,
            templates.c.updated_at,
            senders.c.uuid.label("sender_uuid"),
            senders.c.name.label("sender_name"),
            senders.c.email.label("sender_email"),
        )
        .select_from(mail_templates.join(templates, template).outerjoin(senders, sender))
        .where(_OWN.tenant_id == tenant_id, _OWN.list_id == list_id)
    )


async def add(connection: AsyncConnection, tenant_id: int, values: Mapping[str, object]) -> None:
    """Says whose mails a template is for."""
    await connection.execute(insert(mail_templates).values(tenant_id=tenant_id, **values))


async def get(
    connection: AsyncConnection, tenant_id: int, list_id: int, template_uuid: uuid.UUID
) -> Row | None:
    """One of the list's, with its template and sender, or None."""
    statement = _seen(tenant_id, list_id).where(templates.c.uuid == template_uuid)
    return await maybe_one(connection, statement)


async def page(
    connection: AsyncConnection, tenant_id: int, list_id: int, *, limit: int, offset: int
) -> tuple[Sequence[Row], int]:
    """The list's, oldest first, and how many there are in all."""
    found = _seen(tenant_id, list_id).order_by(_OWN.template_id).limit(limit).offset(offset)
    total = select(func.count()).where(_OWN.tenant_id == tenant_id, _OWN.list_id == list_id)
    return await every(connection, found), (await connection.execute(total)).scalar_one()


async def change(
    connection: AsyncConnection, tenant_id: int, template_id: int, values: Mapping[str, object]
) -> None:
    """Sets `values`."""
    mine = (_OWN.tenant_id == tenant_id) & (_OWN.template_id == template_id)
    await connection.execute(update(mail_templates).where(mine).values(**values))
