"""The rows that change when a mail comes back: ledger, batch counts, campaign counters."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.forgotten import ERASED
from mailwright.domain.message_lifecycle import MessageState
from mailwright.store.rows import Row, maybe_one
from mailwright.store.tables import batches, campaign_counters, campaigns, emails, events, messages

_COLUMNS = (
    messages.c.id,
    messages.c.email,
    messages.c.state,
    messages.c.campaign_id,
    messages.c.contact_id,
    messages.c.bounced_at,
    messages.c.complained_at,
)
#: What a campaign counts of mail that came back.
BOUNCED_LATER, COMPLAINED, AUTO_REPLIES = "bounced_later", "complained", "auto_replies"


async def message(
    connection: AsyncConnection, tenant_id: int, message_id: int, *, lock: bool = False
) -> Row | None:
    """A ledger row with the public id of its campaign or single mail, or None.

    None as well when its recipient was erased.

    `lock`: it is ours until we commit.
    """
    found = (
        select(
            *_COLUMNS, campaigns.c.uuid.label("campaign_uuid"), emails.c.uuid.label("email_uuid")
        )
        .outerjoin(
            campaigns,
            and_(
                campaigns.c.tenant_id == messages.c.tenant_id,
                campaigns.c.id == messages.c.campaign_id,
            ),
        )
        .outerjoin(
            emails,
            and_(emails.c.tenant_id == messages.c.tenant_id, emails.c.message_id == messages.c.id),
        )
        .where(
            messages.c.tenant_id == tenant_id,
            messages.c.id == message_id,
            messages.c.email != ERASED,
        )
    )
    if lock:
        found = found.with_for_update(key_share=True, of=messages)
    return await maybe_one(connection, found)


async def lock_batch(connection: AsyncConnection, tenant_id: int, row: Row) -> None:
    """Takes the batch of a row before the row itself, in the engine's order."""
    await connection.execute(
        select(batches.c.number).where(_batch_of(tenant_id, row)).with_for_update()
    )


async def bounce(
    connection: AsyncConnection,
    tenant_id: int,
    row: Row,
    *,
    reason: str,
    reply: str | None,
    at: datetime,
) -> None:
    """The row is `bounced` and waits for no retry. Its counts are another's business."""
    await connection.execute(
        update(messages)
        .where(messages.c.tenant_id == tenant_id, messages.c.id == row["id"])
        .values(
            state=MessageState.BOUNCED.value,
            reason=reason,
            reply=func.coalesce(reply, messages.c.reply),
            bounced_at=at,
            next_attempt_at=None,
        )
    )


async def recount(connection: AsyncConnection, tenant_id: int, row: Row) -> None:
    """Moves a row that had another outcome, or none yet, to the bounced ones of its batch."""
    change = {"bounced": batches.c.bounced + 1}
    if row["state"] in {MessageState.FAILED, MessageState.DEFERRED}:
        change[row["state"]] = batches.c[row["state"]] - 1
    await connection.execute(update(batches).where(_batch_of(tenant_id, row)).values(change))


async def complain(
    connection: AsyncConnection, tenant_id: int, message_id: int, at: datetime
) -> None:
    """Writes on the row when its recipient complained."""
    await connection.execute(
        update(messages)
        .where(messages.c.tenant_id == tenant_id, messages.c.id == message_id)
        .values(complained_at=at)
    )


async def has_event(
    connection: AsyncConnection, tenant_id: int, message_id: int, kind: str
) -> bool:
    """Whether that was noted of the message before."""
    found = select(events.c.id).where(
        events.c.tenant_id == tenant_id, events.c.message_id == message_id, events.c.kind == kind
    )
    return await connection.scalar(found.limit(1)) is not None


async def count(connection: AsyncConnection, tenant_id: int, campaign_id: int, what: str) -> None:
    """One more of `what` in the campaign's figures."""
    statement = upsert(campaign_counters).values(
        tenant_id=tenant_id, campaign_id=campaign_id, **{what: 1}
    )
    await connection.execute(
        statement.on_conflict_do_update(
            index_elements=["tenant_id", "campaign_id"],
            set_={what: campaign_counters.c[what] + 1},
        )
    )


def _batch_of(tenant_id: int, row: Row) -> ColumnElement[bool]:
    """The batch of the fan-out whose range holds the row."""
    return and_(
        batches.c.tenant_id == tenant_id,
        batches.c.campaign_id == row["campaign_id"],
        batches.c.message_ids.is_(None),
        batches.c.first_message_id <= row["id"],
        batches.c.last_message_id >= row["id"],
    )
