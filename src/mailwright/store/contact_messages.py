"""What a contact was sent: its rows of the ledger."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.store.rows import Row, every
from mailwright.store.tables import campaigns, messages


async def of_contact(
    connection: AsyncConnection, tenant_id: int, contact_id: int, *, limit: int
) -> Sequence[Row]:
    """The contact's messages with their campaigns, the newest first."""
    same = and_(
        campaigns.c.tenant_id == messages.c.tenant_id, campaigns.c.id == messages.c.campaign_id
    )
    found = (
        select(
            messages.c.state,
            messages.c.reason,
            messages.c.sent_at,
            messages.c.opened_at,
            messages.c.clicked_at,
            campaigns.c.uuid.label("campaign_uuid"),
            campaigns.c.name.label("campaign_name"),
        )
        .select_from(messages.outerjoin(campaigns, same))
        .where(messages.c.tenant_id == tenant_id, messages.c.contact_id == contact_id)
        .order_by(messages.c.id.desc())
        .limit(limit)
    )
    return await every(connection, found)
