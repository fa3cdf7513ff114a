"""Captured mails: what the built-in inbox holds."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.store.database import Connection
from mailwright.store.rows import Row, every, maybe_one
from mailwright.store.tables import campaigns, captured_mails, contacts, messages

CapturedRow = tuple[
    int, uuid.UUID, datetime, str, list[str], int | None, str, str, str, str, bool, int, bytes
]

_CAPTURED = (
    "tenant_id",
    "uuid",
    "received_at",
    "envelope_sender",
    "recipients",
    "message_id",
    "from_header",
    "to_header",
    "subject",
    "snippet",
    "private",
    "size_bytes",
    "raw",
)

_SUMMARY = (
    captured_mails.c.id,
    captured_mails.c.uuid,
    captured_mails.c.received_at,
    captured_mails.c.from_header,
    captured_mails.c.to_header,
    captured_mails.c.recipients,
    captured_mails.c.subject,
    captured_mails.c.snippet,
    captured_mails.c.seen,
    captured_mails.c.size_bytes,
)


async def add(connection: Connection, rows: Sequence[CapturedRow]) -> None:
    """Stores mails by COPY."""
    await connection.copy_records_to_table("captured_mails", records=rows, columns=_CAPTURED)


_TRIM = """
DELETE FROM captured_mails WHERE tenant_id = $1 AND id <= (
    SELECT id FROM captured_mails WHERE tenant_id = $1 ORDER BY id DESC OFFSET $2 LIMIT 1
)
"""


async def trim(connection: Connection, tenant_id: int, keep: int) -> None:
    """Removes all but the newest `keep` mails of a tenant."""
    await connection.execute(_TRIM, tenant_id, keep)


async def tenant_id_of(connection: Connection, slug: str) -> int | None:
    """The tenant that owns mail which names none."""
    return await connection.fetchval("SELECT id FROM tenants WHERE slug = $1", slug)


def _of(tenant_id: int, private: bool) -> ColumnElement[bool]:
    """The tenant's mails; those that open an account only where `private`."""
    mine = captured_mails.c.tenant_id == tenant_id
    return mine if private else and_(mine, captured_mails.c.private.is_(False))


def _mine(
    tenant_id: int, private: bool, search: str | None, campaign_uuid: uuid.UUID | None
) -> ColumnElement[bool]:
    mine = _of(tenant_id, private)
    if campaign_uuid is not None:
        mine = and_(mine, _of_campaign(tenant_id, campaign_uuid))
    if not search:
        return mine
    columns = (captured_mails.c.subject, captured_mails.c.from_header, captured_mails.c.to_header)
    return and_(mine, or_(*(column.icontains(search, autoescape=True) for column in columns)))


def _of_campaign(tenant_id: int, campaign_uuid: uuid.UUID) -> ColumnElement[bool]:
    """Mails whose ledger row is the campaign's; tests have none."""
    rows = (
        select(messages.c.id)
        .join(
            campaigns,
            and_(
                campaigns.c.tenant_id == messages.c.tenant_id,
                campaigns.c.id == messages.c.campaign_id,
            ),
        )
        .where(messages.c.tenant_id == tenant_id, campaigns.c.uuid == campaign_uuid)
    )
    return captured_mails.c.message_id.in_(rows)


async def page(
    connection: AsyncConnection,
    tenant_id: int,
    *,
    private: bool,
    search: str | None,
    campaign_uuid: uuid.UUID | None = None,
    before_id: int | None,
    limit: int,
    offset: int,
) -> tuple[Sequence[Row], int]:
    """Mails, newest first, and how many there are in all. `before_id`: only older ones."""
    mine = _mine(tenant_id, private, search, campaign_uuid)
    found = select(*_SUMMARY).where(mine).order_by(captured_mails.c.id.desc())
    if before_id is not None:
        found = found.where(captured_mails.c.id < before_id)
    total = select(func.count()).select_from(captured_mails).where(mine)
    rows = await every(connection, found.limit(limit).offset(offset))
    return rows, (await connection.execute(total)).scalar_one()


async def get(
    connection: AsyncConnection, tenant_id: int, mail_uuid: uuid.UUID, *, private: bool
) -> Row | None:
    """One mail with its bytes and, where its ledger row still exists, campaign and contact."""
    m = captured_mails
    joined = (
        m.outerjoin(
            messages, and_(messages.c.tenant_id == m.c.tenant_id, messages.c.id == m.c.message_id)
        )
        .outerjoin(
            campaigns,
            and_(campaigns.c.tenant_id == m.c.tenant_id, campaigns.c.id == messages.c.campaign_id),
        )
        .outerjoin(
            contacts,
            and_(contacts.c.tenant_id == m.c.tenant_id, contacts.c.id == messages.c.contact_id),
        )
    )
    found = (
        select(
            *_SUMMARY,
            m.c.envelope_sender,
            m.c.message_id,
            m.c.raw,
            campaigns.c.uuid.label("campaign_uuid"),
            campaigns.c.name.label("campaign_name"),
            contacts.c.uuid.label("contact_uuid"),
        )
        .select_from(joined)
        .where(_of(tenant_id, private), m.c.uuid == mail_uuid)
    )
    return await maybe_one(connection, found)


async def mark_seen(
    connection: AsyncConnection, tenant_id: int, mail_uuid: uuid.UUID | None, *, private: bool
) -> None:
    """Marks one mail as seen; None: every mail."""
    chosen = and_(_of(tenant_id, private), captured_mails.c.seen.is_(False))
    if mail_uuid is not None:
        chosen = and_(chosen, captured_mails.c.uuid == mail_uuid)
    await connection.execute(update(captured_mails).where(chosen).values(seen=True))


async def remove(
    connection: AsyncConnection, tenant_id: int, mail_uuid: uuid.UUID | None, *, private: bool
) -> int:
    """Deletes one mail, or all (None); returns how many there were."""
    chosen = _of(tenant_id, private)
    if mail_uuid is not None:
        chosen = and_(chosen, captured_mails.c.uuid == mail_uuid)
    return (await connection.execute(delete(captured_mails).where(chosen))).rowcount


async def count_unseen(connection: AsyncConnection, tenant_id: int, *, private: bool) -> int:
    """How many mails nobody has looked at."""
    statement = (
        select(func.count())
        .select_from(captured_mails)
        .where(_of(tenant_id, private), captured_mails.c.seen.is_(False))
    )
    return (await connection.execute(statement)).scalar_one()
