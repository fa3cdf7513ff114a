"""The rows that change when somebody wants no more mail, or changes their mind."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.forgotten import ERASED
from mailwright.store.rows import Row, maybe_one
from mailwright.store.tables import (
    campaign_counters,
    campaigns,
    contacts,
    emails,
    list_members,
    messages,
    tenants,
)


async def person(
    connection: AsyncConnection, tenant_id: int, contact_id: int, *, lock: bool = False
) -> Row | None:
    """The row of a contact, or None when it is gone."""
    statement = select(contacts).where(
        contacts.c.tenant_id == tenant_id, contacts.c.id == contact_id
    )
    return await maybe_one(
        connection, statement.with_for_update(key_share=True) if lock else statement
    )


async def message(
    connection: AsyncConnection, tenant_id: int, message_id: int, *, lock: bool = False
) -> Row | None:
    """`email`, `unsubscribed_at` and `campaign_id` of a ledger row, or None.

    None as well when its recipient was erased.
    """
    statement = select(messages.c.email, messages.c.unsubscribed_at, messages.c.campaign_id).where(
        messages.c.tenant_id == tenant_id,
        messages.c.id == message_id,
        messages.c.email != ERASED,
    )
    return await maybe_one(
        connection, statement.with_for_update(key_share=True) if lock else statement
    )


async def tenant_name(connection: AsyncConnection, tenant_id: int) -> str | None:
    """How the tenant calls itself."""
    return await connection.scalar(select(tenants.c.name).where(tenants.c.id == tenant_id))


async def set_membership(
    connection: AsyncConnection,
    tenant_id: int,
    contact_id: int,
    *,
    campaign_id: int,
    message_id: int,
    state: str,
    now: datetime,
) -> None:
    """The state in the list that the mail was sent to, when the contact is on it.

    That of the campaign; for a single mail (campaign 0) its own.
    """
    of_campaign = select(campaigns.c.list_id).where(
        campaigns.c.tenant_id == tenant_id, campaigns.c.id == campaign_id
    )
    of_single = select(emails.c.list_id).where(
        emails.c.tenant_id == tenant_id, emails.c.message_id == message_id
    )
    list_id = (of_campaign if campaign_id else of_single).scalar_subquery()
    await connection.execute(
        update(list_members)
        .where(
            list_members.c.tenant_id == tenant_id,
            list_members.c.contact_id == contact_id,
            list_members.c.list_id == list_id,
        )
        .values(state=state, left_at=now if state == "unsubscribed" else None)
    )


async def mark_message(
    connection: AsyncConnection, tenant_id: int, message_id: int, at: datetime | None
) -> None:
    """Writes on the ledger row when its recipient left because of it; None: they did not."""
    await connection.execute(
        update(messages)
        .where(messages.c.tenant_id == tenant_id, messages.c.id == message_id)
        .values(unsubscribed_at=at)
    )


async def count(connection: AsyncConnection, tenant_id: int, campaign_id: int, people: int) -> None:
    """Adds to the campaign's unsubscribed people; -1 when one came back."""
    statement = upsert(campaign_counters).values(
        tenant_id=tenant_id, campaign_id=campaign_id, unsubscribed=max(people, 0)
    )
    await connection.execute(
        statement.on_conflict_do_update(
            index_elements=["tenant_id", "campaign_id"],
            set_={"unsubscribed": func.greatest(campaign_counters.c.unsubscribed + people, 0)},
        )
    )
