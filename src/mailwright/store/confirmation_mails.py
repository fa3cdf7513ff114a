"""What tenants' mails say that ask for a confirmation, by language, where they do not say ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.store.rows import Row, every
from mailwright.store.tables import confirmation_mails, senders, templates


async def of_tenant(connection: AsyncConnection, tenant_id: int) -> Sequence[Row]:
    """Every language's row by language, with the uuids it names and what sending it needs."""
    of_template = (templates.c.tenant_id == confirmation_mails.c.tenant_id) & (
        templates.c.id == confirmation_mails.c.template_id
    )
    of_sender = (senders.c.tenant_id == confirmation_mails.c.tenant_id) & (
        senders.c.id == confirmation_mails.c.sender_id
    )
    found = (
        select(
            confirmation_mails.c.language,
            confirmation_mails.c.template_id,
            confirmation_mails.c.sender_id,
            templates.c.uuid.label("template_uuid"),
            templates.c.slug.label("template_slug"),
            senders.c.uuid.label("sender_uuid"),
            senders.c.enabled.label("sender_enabled"),
        )
        .select_from(confirmation_mails.outerjoin(templates, of_template))
        .outerjoin(senders, of_sender)
        .where(confirmation_mails.c.tenant_id == tenant_id)
        .order_by(confirmation_mails.c.language)
    )
    return await every(connection, found)


async def replace(
    connection: AsyncConnection, tenant_id: int, rows: Sequence[Mapping[str, object]]
) -> None:
    """These rows in the place of all there were."""
    mine = confirmation_mails.c.tenant_id == tenant_id
    await connection.execute(delete(confirmation_mails).where(mine))
    if rows:
        values = [{"tenant_id": tenant_id, **row} for row in rows]
        await connection.execute(insert(confirmation_mails), values)
