"""The links of a campaign's mails, numbered as in their tokens."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.ids import new_id
from mailwright.store.tables import campaign_links


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
