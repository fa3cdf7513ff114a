"""Words put on contacts, tags and interests alike: many of them on many people in one statement."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ARRAY,
    BIGINT,
    Column,
    ColumnElement,
    Delete,
    Insert,
    Table,
    and_,
    delete,
    func,
    literal,
    select,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by
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
from mailwright.store.webhook_bulk import Telling, json_object, telling


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
    told: Telling | None = None,
) -> None:
    """Puts every label on everybody of the tenant's `contacts` that `who` is true of.

    `told`: to whoever listens, of each who had one of them not yet.
    """
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
    await _carry_out(connection, kind, statement.on_conflict_do_nothing(), told)


async def detach(
    connection: AsyncConnection,
    tenant_id: int,
    kind: Kind,
    label_ids: Collection[int],
    who: ColumnElement[bool],
    told: Telling | None = None,
) -> None:
    """Takes the labels off everybody that `who` is true of; `told`: of each who had one."""
    people = select(contacts.c.id).where(contacts.c.tenant_id == tenant_id, who)
    statement = delete(kind.pairs).where(
        kind.pairs.c.tenant_id == tenant_id,
        kind.label_id.in_(label_ids),
        kind.pairs.c.contact_id.in_(people),
    )
    await _carry_out(connection, kind, statement, told)


async def detach_others(
    connection: AsyncConnection,
    tenant_id: int,
    kind: Kind,
    label_ids: Collection[int],
    contact_id: int,
    *,
    list_id: int | None = None,
    told: Telling | None = None,
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
    await _carry_out(connection, kind, statement, told)


async def add_pairs(
    connection: AsyncConnection,
    tenant_id: int,
    kind: Kind,
    pairs: Sequence[tuple[int, int]],
    told: Telling | None = None,
) -> None:
    """Puts labels on contacts, by (label id, contact id); `told`: of those that are new."""
    if not pairs:
        return
    label_ids, contact_ids = zip(*sorted(set(pairs)), strict=True)
    given = func.unnest(literal(label_ids, ARRAY(BIGINT)), literal(contact_ids, ARRAY(BIGINT)))
    rows = given.table_valued("label_id", "contact_id").render_derived("given")
    statement = upsert(kind.pairs).from_select(
        ["tenant_id", kind.label_id.name, "contact_id"],
        select(literal(tenant_id), rows.c.label_id, rows.c.contact_id),
    )
    await _carry_out(connection, kind, statement.on_conflict_do_nothing(), told)


async def clear(
    connection: AsyncConnection,
    tenant_id: int,
    kind: Kind,
    contact_ids: Collection[int],
    *,
    list_id: int | None = None,
    told: Telling | None = None,
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
    await _carry_out(connection, kind, statement, told)


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


async def _carry_out(
    connection: AsyncConnection, kind: Kind, statement: Insert | Delete, told: Telling | None
) -> None:
    """The change of pairs; where somebody listens, each contact is told about with the names."""
    if told is None:
        await connection.execute(statement)
        return
    label_id = kind.label_id.name
    changed = statement.returning(kind.pairs.c.contact_id, kind.label_id).cte("changed")
    label = kind.labels.c
    named = (
        select(changed.c.contact_id, label.name)
        .join(kind.labels, and_(label.tenant_id == told.tenant_id, label.id == changed.c[label_id]))
        .cte("named")
    )
    names = func.jsonb_agg(aggregate_order_by(named.c.name, named.c.name))
    data = json_object("tags", names)
    await connection.execute(telling(told, named, data, contact_id=named.c.contact_id))
