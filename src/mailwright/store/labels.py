"""Words put on contacts, tags and interests alike: many of them on many people in one statement."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ColumnElement, Table, and_, delete, literal, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.store.rows import AnySelect, every
from mailwright.store.tables import (
    contact_interests,
    contact_tags,
    contacts,
    interests,
    tags,
)


@dataclass(frozen=True, slots=True)
class Kind:
    """Where one kind of word is, and who has it. `label_id`: the column of `pairs`."""

    labels: Table
    pairs: Table
    label_id: Column[Any]


TAGS = Kind(tags, contact_tags, contact_tags.c.tag_id)
INTERESTS = Kind(interests, contact_interests, contact_interests.c.interest_id)


async def attach(
    connection: AsyncConnection,
    tenant_id: int,
    kind: Kind,
    label_ids: Collection[int],
    who: ColumnElement[bool],
) -> None:
    """Puts every label on everybody of the tenant's `contacts` that `who` is true of."""
    if not label_ids:
        return
    wanted = kind.labels.c
    people = (
        select(literal(tenant_id), wanted.id, contacts.c.id)
        .select_from(contacts.join(kind.labels, wanted.tenant_id == contacts.c.tenant_id))
        .where(contacts.c.tenant_id == tenant_id, wanted.id.in_(label_ids), who)
        .order_by(wanted.id, contacts.c.id)
    )
    statement = upsert(kind.pairs).from_select(
        ["tenant_id", kind.label_id.name, "contact_id"], people
    )
    await connection.execute(statement.on_conflict_do_nothing())


async def detach(
    connection: AsyncConnection,
    tenant_id: int,
    kind: Kind,
    label_ids: Collection[int],
    who: ColumnElement[bool],
) -> None:
    """Takes the labels off everybody that `who` is true of."""
    people = select(contacts.c.id).where(contacts.c.tenant_id == tenant_id, who)
    await connection.execute(
        delete(kind.pairs).where(
            kind.pairs.c.tenant_id == tenant_id,
            kind.label_id.in_(label_ids),
            kind.pairs.c.contact_id.in_(people),
        )
    )


async def detach_others(
    connection: AsyncConnection,
    tenant_id: int,
    kind: Kind,
    label_ids: Collection[int],
    contact_id: int,
    *,
    list_id: int | None = None,
) -> None:
    """Takes every label but these off one contact; `list_id`: only interests of that list."""
    statement = delete(kind.pairs).where(
        kind.pairs.c.tenant_id == tenant_id,
        kind.pairs.c.contact_id == contact_id,
        kind.label_id.not_in(label_ids),
    )
    if list_id is not None:
        own = select(kind.labels.c.id).where(
            kind.labels.c.tenant_id == tenant_id, kind.labels.c.list_id == list_id
        )
        statement = statement.where(kind.label_id.in_(own))
    await connection.execute(statement)


async def add_pairs(
    connection: AsyncConnection, tenant_id: int, kind: Kind, pairs: Sequence[tuple[int, int]]
) -> None:
    """Puts labels on contacts, by (label id, contact id)."""
    if not pairs:
        return
    rows = [
        {"tenant_id": tenant_id, kind.label_id.name: label_id, "contact_id": contact_id}
        for label_id, contact_id in sorted(set(pairs))
    ]
    await connection.execute(upsert(kind.pairs).on_conflict_do_nothing(), rows)


async def clear(
    connection: AsyncConnection,
    tenant_id: int,
    kind: Kind,
    contact_ids: Collection[int],
    *,
    list_id: int | None = None,
) -> None:
    """Takes every label off the contacts; `list_id`: only interests of that list."""
    if not contact_ids:
        return
    statement = delete(kind.pairs).where(
        kind.pairs.c.tenant_id == tenant_id, kind.pairs.c.contact_id.in_(contact_ids)
    )
    if list_id is not None:
        own = select(kind.labels.c.id).where(
            kind.labels.c.tenant_id == tenant_id, kind.labels.c.list_id == list_id
        )
        statement = statement.where(kind.label_id.in_(own))
    await connection.execute(statement)


async def names_of(
    connection: AsyncConnection,
    tenant_id: int,
    kind: Kind,
    contact_ids: Collection[int],
    *,
    list_id: int | None = None,
) -> Mapping[int, list[str]]:
    """The names of what each of the contacts has, sorted; who has nothing is not there."""
    if not contact_ids:
        return {}
    statement: AnySelect = (
        select(kind.pairs.c.contact_id, kind.labels.c.name)
        .join(
            kind.labels,
            and_(kind.labels.c.tenant_id == tenant_id, kind.labels.c.id == kind.label_id),
        )
        .where(kind.pairs.c.tenant_id == tenant_id, kind.pairs.c.contact_id.in_(contact_ids))
        .order_by(kind.labels.c.name)
    )
    if list_id is not None:
        statement = statement.where(kind.labels.c.list_id == list_id)
    found: dict[int, list[str]] = {}
    for row in await every(connection, statement):
        found.setdefault(row["contact_id"], []).append(row["name"])
    return found
