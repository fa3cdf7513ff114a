"""The ledger of one campaign: whom it was sent to, and what became of each."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, delete, func, null, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.message_lifecycle import MessageState
from mailwright.store.audiences import Audience, named, skip_reason
from mailwright.store.contacts import matches
from mailwright.store.rows import Row, every
from mailwright.store.tables import batches, contacts, messages


@dataclass(frozen=True, slots=True)
class RecipientFilter:
    """Which rows; None: whatever. `search`: part of the address or of a name."""

    states: Collection[str] | None = None
    search: str | None = None
    opened: bool | None = None
    clicked: bool | None = None


def mailable(
    tenant_id: int, audience: Audience, search: str | None, email_key: str | None
) -> ColumnElement[bool]:
    """The condition over `contacts` of who would be mailed now. `search`: as for contacts."""
    fits = and_(named(tenant_id, audience), skip_reason(tenant_id, audience).is_(None))
    if search and search.strip():
        fits = and_(fits, matches(search, email_key))
    return fits


async def page(
    connection: AsyncConnection,
    tenant_id: int,
    campaign_id: int,
    wanted: RecipientFilter,
    *,
    limit: int,
    offset: int = 0,
    after_id: int = 0,
) -> Sequence[Row]:
    """Rows in the order they were written down, each with its contact where that still exists."""
    found = (
        select(
            *messages.c,
            contacts.c.uuid.label("contact_uuid"),
            contacts.c.first_name,
            contacts.c.last_name,
        )
        .select_from(messages)
        .outerjoin(contacts, _contact())
        .where(*_conditions(tenant_id, campaign_id, wanted), messages.c.id > after_id)
        .order_by(messages.c.id)
        .limit(limit)
        .offset(offset)
    )
    return await every(connection, found)


async def count(
    connection: AsyncConnection, tenant_id: int, campaign_id: int, wanted: RecipientFilter
) -> int:
    """How many rows there are in all."""
    found = select(func.count()).select_from(messages)
    if wanted.search:
        found = found.outerjoin(contacts, _contact())
    found = found.where(*_conditions(tenant_id, campaign_id, wanted))
    return (await connection.execute(found)).scalar_one()


async def skipped_by_reason(
    connection: AsyncConnection, tenant_id: int, campaign_id: int
) -> dict[str, int]:
    """How many people were left out, for each reason that occurred."""
    found = (
        select(messages.c.reason, func.count().label("people"))
        .where(*_conditions(tenant_id, campaign_id, RecipientFilter(states=[MessageState.SKIPPED])))
        .group_by(messages.c.reason)
    )
    return {row["reason"]: row["people"] for row in await every(connection, found)}


async def variant_of(connection: AsyncConnection, tenant_id: int, message_id: int) -> int | None:
    """The template version that a row's mail is written from; None: the campaign's own body."""
    return await connection.scalar(
        select(messages.c.variant_id).where(
            messages.c.tenant_id == tenant_id, messages.c.id == message_id
        )
    )


async def cancel_unfinished(connection: AsyncConnection, tenant_id: int, campaign_id: int) -> None:
    """Nobody of the campaign is mailed any more: what was queued or deferred ends as canceled."""
    unfinished = (MessageState.QUEUED.value, MessageState.DEFERRED.value)
    await connection.execute(
        update(messages)
        .where(
            messages.c.tenant_id == tenant_id,
            messages.c.campaign_id == campaign_id,
            messages.c.state.in_(unfinished),
        )
        .values(state=MessageState.CANCELED.value, next_attempt_at=null())
    )
    await connection.execute(
        delete(batches).where(
            batches.c.tenant_id == tenant_id, batches.c.campaign_id == campaign_id
        )
    )


def _contact() -> ColumnElement[bool]:
    return and_(
        contacts.c.tenant_id == messages.c.tenant_id, contacts.c.id == messages.c.contact_id
    )


def _conditions(
    tenant_id: int, campaign_id: int, wanted: RecipientFilter
) -> list[ColumnElement[bool]]:
    found = [messages.c.tenant_id == tenant_id, messages.c.campaign_id == campaign_id]
    if wanted.states is not None:
        found.append(messages.c.state.in_(wanted.states))
    if wanted.search:
        found.append(
            or_(
                *(
                    column.icontains(wanted.search, autoescape=True)
                    for column in (
                        messages.c.email,
                        contacts.c.first_name,
                        contacts.c.last_name,
                    )
                )
            )
        )
    if wanted.opened is not None:
        found.append(_is_set(messages.c.opened_at, wanted.opened))
    if wanted.clicked is not None:
        found.append(_is_set(messages.c.clicked_at, wanted.clicked))
    return found


def _is_set(column: ColumnElement[object], wanted: bool) -> ColumnElement[bool]:
    return column.is_not(None) if wanted else column.is_(None)
