"""Rules that ask for tags, wherever they are kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Text, cast, null, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.store.rows import Row, every
from mailwright.store.tables import campaigns, segments

_MENTION = '"field": "tag"'  # as PostgreSQL writes JSONB
_OVER = ("sent", "canceled")


async def segments_with_tags(connection: AsyncConnection, tenant_id: int) -> Sequence[Row]:
    """`id` and `rule` of the segments whose rule asks for some tag."""
    statement = select(segments.c.id, segments.c.rule).where(
        segments.c.tenant_id == tenant_id, cast(segments.c.rule, Text).contains(_MENTION)
    )
    return await every(connection, statement.with_for_update())


async def campaigns_with_tags(connection: AsyncConnection, tenant_id: int) -> Sequence[Row]:
    """`id` and `audience_filter` of campaigns that are not over and ask for some tag."""
    statement = select(campaigns.c.id, campaigns.c.audience_filter).where(
        campaigns.c.tenant_id == tenant_id,
        campaigns.c.state.not_in(_OVER),
        cast(campaigns.c.audience_filter, Text).contains(_MENTION),
    )
    return await every(connection, statement.with_for_update(key_share=True))


async def save_segment(
    connection: AsyncConnection, tenant_id: int, segment_id: int, rule: Any
) -> None:
    """Keeps the rule; what its author wrote no longer says the same and goes."""
    await connection.execute(
        update(segments)
        .where(segments.c.tenant_id == tenant_id, segments.c.id == segment_id)
        .values(rule=rule, origin=null())
    )


async def save_campaign(
    connection: AsyncConnection, tenant_id: int, campaign_id: int, audience_filter: Any
) -> None:
    """Keeps the filter."""
    await connection.execute(
        update(campaigns)
        .where(campaigns.c.tenant_id == tenant_id, campaigns.c.id == campaign_id)
        .values(audience_filter=audience_filter)
    )
