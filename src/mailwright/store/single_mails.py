"""Single mails in a worker's hands: which are due, what they say, who may not get them any more."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, case, exists, func, null, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.email_stream import Stream
from mailwright.domain.forgotten import ERASED
from mailwright.domain.message_lifecycle import SkipReason
from mailwright.store.batches import Lease
from mailwright.store.rows import AnySelect, Row, every
from mailwright.store.tables import (
    contacts,
    email_contents,
    emails,
    list_members,
    lists,
    messages,
    suppressions,
    tenants,
)

#: Why a mail is not sent that came too late.
EXPIRED = "expired"

_MARKETING = emails.c.stream == Stream.MARKETING


def _is_suppressed() -> ColumnElement[bool]:
    return exists(
        select(1)
        .where(
            suppressions.c.tenant_id == emails.c.tenant_id,
            suppressions.c.email_key == emails.c.email_key,
            or_(suppressions.c.scope == "all", _MARKETING),
        )
        .correlate(emails)
    )


def _has_left() -> ColumnElement[bool]:
    return exists(
        select(1)
        .where(
            list_members.c.tenant_id == emails.c.tenant_id,
            list_members.c.list_id == emails.c.list_id,
            list_members.c.contact_id == contacts.c.id,
            list_members.c.state == "unsubscribed",
        )
        .correlate(emails, contacts)
    )


def _skip_reason() -> ColumnElement[str | None]:
    """Why the mail may not be sent now, or NULL (OUT-17, OUT-18)."""
    is_gone = and_(messages.c.contact_id.is_not(None), contacts.c.id.is_(None))
    return case(
        (emails.c.expires_at <= func.now(), EXPIRED),
        (_is_suppressed(), SkipReason.SUPPRESSED.value),
        (~_MARKETING, null()),
        (is_gone, SkipReason.CONTACT_DELETED.value),
        (contacts.c.consent == "unsubscribed", SkipReason.UNSUBSCRIBED.value),
        (contacts.c.consent == "unconfirmed", SkipReason.UNCONFIRMED.value),
        (_has_left(), SkipReason.LIST_UNSUBSCRIBED.value),
        else_=null(),
    )


_TABLES = (
    emails.join(
        messages,
        and_(messages.c.tenant_id == emails.c.tenant_id, messages.c.id == emails.c.message_id),
    )
    .outerjoin(
        contacts,
        and_(contacts.c.tenant_id == emails.c.tenant_id, contacts.c.id == messages.c.contact_id),
    )
    .outerjoin(
        lists,
        and_(lists.c.tenant_id == emails.c.tenant_id, lists.c.id == emails.c.list_id),
    )
    .join(tenants, tenants.c.id == emails.c.tenant_id)
)

#: A mail with all that writing it needs but its content: recipient, contact, list and tenant.
WRITTEN: AnySelect = select(
    emails,
    messages.c.email,
    messages.c.contact_id,
    messages.c.attempts,
    messages.c.possibly_repeated,
    messages.c.created_at,
    *(
        contacts.c[name].label(f"contact_{name}")
        for name in (
            "first_name",
            "last_name",
            "locale",
            "phone",
            "external_id",
            "country_code",
            "attributes",
        )
    ),
    lists.c.name.label("list_name"),
    lists.c.uuid.label("list_uuid"),
    tenants.c.name.label("tenant_name"),
    tenants.c.uuid.label("tenant_uuid"),
    tenants.c.postal_address,
).select_from(_TABLES)


async def due(connection: AsyncConnection, lease: Lease) -> Sequence[Row]:
    """The batch's mails that still wait; `skip_reason` as of now, `seconds_left` to expiry."""
    statement = WRITTEN.add_columns(
        _skip_reason().label("skip_reason"),
        func.extract("epoch", emails.c.expires_at - func.now()).label("seconds_left"),
    ).where(
        emails.c.tenant_id == lease.tenant_id,
        emails.c.message_id == func.any(list(lease.message_ids or ())),
        messages.c.state.in_(("queued", "deferred")),
        messages.c.next_attempt_at.is_(None),
    )
    rows = await every(connection, statement)
    place = {message_id: number for number, message_id in enumerate(lease.message_ids or ())}
    return sorted(rows, key=lambda row: place[row["message_id"]])


async def no_longer_mailable(
    connection: AsyncConnection, lease: Lease, message_ids: Sequence[int]
) -> dict[int, str]:
    """Which of these must be left out now, and why."""
    reason = _skip_reason()
    statement = (
        select(emails.c.message_id, reason.label("reason"))
        .select_from(_TABLES)
        .where(
            emails.c.tenant_id == lease.tenant_id,
            emails.c.message_id == func.any(list(message_ids)),
            reason.is_not(None),
        )
    )
    return {row["message_id"]: row["reason"] for row in await every(connection, statement)}


async def written(connection: AsyncConnection, tenant_id: int, message_id: int) -> Row | None:
    """One mail with all that writing it needs but its content, or None.

    None as well when its recipient was erased.
    """
    mine = and_(emails.c.tenant_id == tenant_id, emails.c.message_id == message_id)
    found = await every(connection, WRITTEN.where(mine, emails.c.email_key != ERASED))
    return found[0] if found else None


async def contents(
    connection: AsyncConnection, tenant_id: int, content_ids: Sequence[int]
) -> dict[int, Row]:
    """What mails say, by id."""
    statement = select(email_contents).where(
        email_contents.c.tenant_id == tenant_id,
        email_contents.c.id == func.any(list(content_ids)),
    )
    return {row["id"]: row for row in await every(connection, statement)}
