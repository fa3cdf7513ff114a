"""Mails that ask for a confirmation: to whom they went, which wait."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.ids import new_id
from mailwright.store.rows import Row, every, maybe_one
from mailwright.store.tables import confirmations, contacts, lists, logos, tenants

#: Who asks takes this advisory lock, or two calls at once would each find an address unasked. The
#: number means nothing.
ASKING_LOCK = 4_109_377

#: How long whoever took a mail to write has it; then the process is thought dead.
CLAIMED_FOR = timedelta(seconds=60)


async def take_turn(connection: AsyncConnection, tenant_id: int) -> None:
    """Until the transaction ends, nobody else asks anybody of the tenant."""
    await connection.execute(select(func.pg_advisory_xact_lock(ASKING_LOCK, tenant_id)))


async def times_of(
    connection: AsyncConnection, tenant_id: int, email_keys: Collection[str]
) -> Mapping[str, list[datetime]]:
    """When each of the addresses was asked, ever."""
    statement = select(confirmations.c.email_key, confirmations.c.created_at).where(
        confirmations.c.tenant_id == tenant_id, confirmations.c.email_key.in_(email_keys)
    )
    found: dict[str, list[datetime]] = {}
    for row in await every(connection, statement):
        found.setdefault(row["email_key"], []).append(row["created_at"])
    return found


async def add(
    connection: AsyncConnection, tenant_id: int, rows: Sequence[Mapping[str, object]]
) -> None:
    """Mails to be written."""
    if rows:
        complete = [{"tenant_id": tenant_id, "uuid": new_id(), **row} for row in rows]
        await connection.execute(insert(confirmations), complete)


async def claim(
    connection: AsyncConnection, tenant_id: int, *, now: datetime, limit: int
) -> Sequence[Row]:
    """The next mails to be written, with all they need; nobody else takes them for a minute."""
    mine = (
        select(confirmations.c.id)
        .where(confirmations.c.tenant_id == tenant_id, _is_free(now))
        .order_by(confirmations.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    taken = (
        update(confirmations)
        .where(confirmations.c.tenant_id == tenant_id, confirmations.c.id.in_(mine))
        .values(sent_at=now)
        .returning(confirmations.c.id)
    )
    ids = [row["id"] for row in await every(connection, taken)]
    statement = (
        select(
            confirmations.c.tenant_id,
            confirmations.c.id,
            confirmations.c.list_id,
            confirmations.c.contact_id,
            confirmations.c.actor,
            confirmations.c.door,
            lists.c.name.label("list_name"),
            lists.c.language.label("list_language"),
            lists.c.sender_id,
            contacts.c.email,
            contacts.c.locale,
            tenants.c.name.label("tenant_name"),
        )
        .join(lists, (lists.c.tenant_id == tenant_id) & (lists.c.id == confirmations.c.list_id))
        .join(
            contacts,
            (contacts.c.tenant_id == tenant_id) & (contacts.c.id == confirmations.c.contact_id),
        )
        .join(tenants, tenants.c.id == confirmations.c.tenant_id)
        .where(confirmations.c.tenant_id == tenant_id, confirmations.c.id.in_(ids))
        .order_by(confirmations.c.id)
    )
    return await every(connection, statement)


async def with_waiting(connection: AsyncConnection, now: datetime) -> Sequence[int]:
    """Tenants for whom mails wait to be written, and nobody writes them."""
    statement = select(confirmations.c.tenant_id).where(_is_free(now)).distinct().limit(100)
    return [row["tenant_id"] for row in await every(connection, statement)]


async def end(
    connection: AsyncConnection,
    tenant_id: int,
    confirmation_id: int,
    state: str,
    *,
    at: datetime,
    error: str | None = None,
) -> None:
    """What became of the mail."""
    values = {"state": state, "sent_at": at if state == "sent" else None, "error": error}
    await connection.execute(
        update(confirmations)
        .where(confirmations.c.tenant_id == tenant_id, confirmations.c.id == confirmation_id)
        .values(**values)
    )


async def confirmed(
    connection: AsyncConnection, tenant_id: int, list_id: int, contact_id: int, at: datetime
) -> None:
    """Notes that the person said yes."""
    await connection.execute(
        update(confirmations)
        .where(
            confirmations.c.tenant_id == tenant_id,
            confirmations.c.list_id == list_id,
            confirmations.c.contact_id == contact_id,
            confirmations.c.state.in_(("waiting", "sent")),
        )
        .values(state="confirmed", confirmed_at=at)
    )


async def person(
    connection: AsyncConnection, tenant_id: int, list_id: int, contact_id: int
) -> Row | None:
    """Who is asked, by whom, for which list; None when one of them is gone."""
    statement = (
        select(
            contacts.c.id,
            contacts.c.email,
            contacts.c.locale,
            contacts.c.consent,
            lists.c.name.label("list_name"),
            lists.c.redirections,
            tenants.c.name.label("tenant_name"),
            logos.c.name.label("logo"),
        )
        .join(lists, lists.c.tenant_id == contacts.c.tenant_id)
        .join(tenants, tenants.c.id == contacts.c.tenant_id)
        .outerjoin(logos, logos.c.tenant_id == contacts.c.tenant_id)
        .where(
            contacts.c.tenant_id == tenant_id,
            contacts.c.id == contact_id,
            lists.c.id == list_id,
            lists.c.state != "deleted",
        )
    )
    return await maybe_one(connection, statement)


def _is_free(now: datetime) -> ColumnElement[bool]:
    return and_(
        confirmations.c.state == "waiting",
        or_(confirmations.c.sent_at.is_(None), confirmations.c.sent_at < now - CLAIMED_FOR),
    )
