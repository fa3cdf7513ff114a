"""The links of a campaign's mails, numbered as in their tokens."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.ids import new_id
from mailwright.store.rows import Row, maybe_one
from mailwright.store.tables import campaign_links, campaigns


async def save(
    connection: AsyncConnection, tenant_id: int, campaign_id: int, urls: Sequence[str]
) -> None:
    """Writes them down before the first mail leaves; a link's number is its place, from 0.

    Those of an edited content that is sent again take the places of the old ones; clicks stay.
    """
    if not urls:
        return
    rows = [
        {
            "tenant_id": tenant_id,
            "campaign_id": campaign_id,
            "number": number,
            "uuid": new_id(),
            "url": url,
        }
        for number, url in enumerate(urls)
    ]
    statement = upsert(campaign_links).values(rows)
    await connection.execute(
        statement.on_conflict_do_update(
            index_elements=["tenant_id", "campaign_id", "number"],
            set_={"url": statement.excluded.url},
        )
    )


async def get(connection: AsyncConnection, tenant_id: int, link_uuid: UUID) -> Row | None:
    """One link, with the `campaign_uuid` of its mails; None: there is no such link."""
    statement = (
        select(*campaign_links.c, campaigns.c.uuid.label("campaign_uuid"))
        .select_from(campaign_links)
        .join(
            campaigns,
            (campaigns.c.tenant_id == campaign_links.c.tenant_id)
            & (campaigns.c.id == campaign_links.c.campaign_id),
        )
        .where(campaign_links.c.tenant_id == tenant_id, campaign_links.c.uuid == link_uuid)
    )
    return await maybe_one(connection, statement)
