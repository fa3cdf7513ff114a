"""Contacts as members of one list: their standing there, sorted and filtered from indexes.

The ids of a page come first, from the list's members alone where nothing else decides, so that a
late page of a large list costs little more than an early one.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    and_,
    case,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, BIGINT
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.store import contacts as contact_store
from mailwright.store.rows import AnySelect, Row, every
from mailwright.store.tables import contacts, list_members, lists, messages

ORDERS = ("id", "joined_at", "email", "status", "bounces_count", "last_bounce")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which members; None: whatever. `fits`: a condition over `contacts`.

    `after_id`, `before_id`: only those on that side, for reading on in the order of ids.
    """

    statuses: Collection[str] | None = None
    email_key: str | None = None
    fits: ColumnElement[bool] | None = None
    after_id: int | None = None
    before_id: int | None = None

    @property
    def is_plain(self) -> bool:
        """Whether the list's members alone tell who is meant."""
        return self.statuses is None and self.email_key is None and self.fits is None


#: subscribed, unconfirmed or unsubscribed: towards the list, or towards all mail.
STATUS: ColumnElement[str] = case(
    (
        or_(list_members.c.state == "unsubscribed", contacts.c.consent == "unsubscribed"),
        "unsubscribed",
    ),
    (
        or_(list_members.c.state == "unconfirmed", contacts.c.consent == "unconfirmed"),
        "unconfirmed",
    ),
    else_="subscribed",
)


def status_in(tenant_id: int, list_id: int, statuses: Collection[str]) -> ColumnElement[bool]:
    """Whether the contact is on the list with one of the standings."""
    return exists(
        select(1)
        .where(
            list_members.c.tenant_id == tenant_id,
            list_members.c.list_id == list_id,
            list_members.c.contact_id == contacts.c.id,
            STATUS.in_(statuses),
        )
        .correlate(contacts)
    )


async def page(
    connection: AsyncConnection,
    tenant_id: int,
    list_id: int,
    wanted: Wanted,
    *,
    order: str = "id",
    descending: bool = False,
    limit: int,
    offset: int = 0,
) -> Sequence[Row]:
    """Members that fit, as `contacts.rows` gives them, with `joined_at` and `standing`."""
    ids = _sorted(_ids(tenant_id, list_id, wanted, order), tenant_id, order, descending=descending)
    found = await every(connection, ids.limit(limit).offset(offset))
    by_id = await of_ids(connection, tenant_id, list_id, [row["id"] for row in found])
    return [by_id[row["id"]] for row in found if row["id"] in by_id]


async def of_ids(
    connection: AsyncConnection, tenant_id: int, list_id: int, contact_ids: Collection[int]
) -> Mapping[int, Row]:
    """Those of the contacts that are on the list, whatever their standing, by id."""
    if not contact_ids:
        return {}
    statement = (
        contact_store.rows(tenant_id)
        .add_columns(list_members.c.joined_at, STATUS.label("standing"))
        .join(list_members, _is_same())
        .where(_of(tenant_id, list_id), list_members.c.contact_id.in_(contact_ids))
    )
    return {row["id"]: row for row in await every(connection, statement)}


async def count(connection: AsyncConnection, tenant_id: int, list_id: int, wanted: Wanted) -> int:
    """How many members fit."""
    ids = _ids(tenant_id, list_id, wanted, "id").subquery()
    return (await connection.execute(select(func.count()).select_from(ids))).scalar_one()


async def standings(connection: AsyncConnection, tenant_id: int, list_id: int) -> Mapping[str, int]:
    """How many members have which standing."""
    statement = (
        select(STATUS.label("standing"), func.count().label("people"))
        .select_from(list_members.join(contacts, _is_same()))
        .where(_of(tenant_id, list_id))
        .group_by(STATUS)
    )
    return {row["standing"]: row["people"] for row in await every(connection, statement)}


async def lists_of(
    connection: AsyncConnection, tenant_id: int, contact_uuid: uuid.UUID
) -> list[uuid.UUID]:
    """The lists the contact is on, whatever its standing, the oldest first."""
    statement = (
        select(lists.c.uuid)
        .join(
            list_members,
            and_(
                list_members.c.tenant_id == lists.c.tenant_id,
                list_members.c.list_id == lists.c.id,
            ),
        )
        .join(contacts, _is_same())
        .where(
            contacts.c.tenant_id == tenant_id,
            contacts.c.uuid == contact_uuid,
            lists.c.state != "deleted",
        )
        .order_by(lists.c.id)
    )
    return [row["uuid"] for row in await every(connection, statement)]


async def bounces_of(
    connection: AsyncConnection, tenant_id: int, contact_ids: Collection[int]
) -> Mapping[int, Row]:
    """For those who bounced: `bounces_count`, and when last."""
    if not contact_ids:
        return {}
    statement = (
        select(
            messages.c.contact_id,
            func.count().label("bounces_count"),
            func.max(messages.c.bounced_at).label("last_at"),
        )
        .where(
            messages.c.tenant_id == tenant_id,
            messages.c.contact_id.in_(contact_ids),
            messages.c.bounced_at.is_not(None),
        )
        .group_by(messages.c.contact_id)
    )
    return {row["contact_id"]: row for row in await every(connection, statement)}


async def put(
    connection: AsyncConnection,
    tenant_id: int,
    list_id: int,
    contact_ids: Collection[int],
    state: str,
) -> None:
    """The contacts are members in `state`."""
    if not contact_ids:
        return
    people = func.unnest(literal(sorted(contact_ids), ARRAY(BIGINT)))
    left_at = func.now() if state == "unsubscribed" else null()
    columns = ["tenant_id", "list_id", "contact_id", "state", "left_at"]
    statement = upsert(list_members).from_select(
        columns, select(literal(tenant_id), literal(list_id), people, literal(state), left_at)
    )
    changed = statement.on_conflict_do_update(
        index_elements=["tenant_id", "list_id", "contact_id"],
        set_={"state": statement.excluded.state, "left_at": statement.excluded.left_at},
        where=list_members.c.state != statement.excluded.state,
    )
    await connection.execute(changed)


async def take_off(
    connection: AsyncConnection, tenant_id: int, list_id: int, contact_ids: Collection[int]
) -> None:
    """The contacts are no members, and never were."""
    await connection.execute(
        list_members.delete().where(
            _of(tenant_id, list_id), list_members.c.contact_id.in_(contact_ids)
        )
    )


async def without_any_list(
    connection: AsyncConnection, tenant_id: int, contact_ids: Collection[int]
) -> list[Row]:
    """`id` and `uuid` of those of the contacts that are on no list at all."""
    member = exists(
        select(1)
        .where(
            list_members.c.tenant_id == tenant_id,
            list_members.c.contact_id == contacts.c.id,
        )
        .correlate(contacts)
    )
    statement = select(contacts.c.id, contacts.c.uuid).where(
        contacts.c.tenant_id == tenant_id, contacts.c.id.in_(contact_ids), ~member
    )
    return list(await every(connection, statement))


async def set_state(
    connection: AsyncConnection, tenant_id: int, list_id: int, contact_id: int, state: str
) -> None:
    """The standing of one member."""
    left_at = func.now() if state == "unsubscribed" else None
    await connection.execute(
        update(list_members)
        .where(_of(tenant_id, list_id), list_members.c.contact_id == contact_id)
        .values(state=state, left_at=left_at)
    )


def _of(tenant_id: int, list_id: int) -> ColumnElement[bool]:
    return and_(list_members.c.tenant_id == tenant_id, list_members.c.list_id == list_id)


def _is_same() -> ColumnElement[bool]:
    return and_(
        contacts.c.tenant_id == list_members.c.tenant_id,
        contacts.c.id == list_members.c.contact_id,
    )


def _ids(tenant_id: int, list_id: int, wanted: Wanted, order: str) -> AnySelect:
    member_id = list_members.c.contact_id
    found: AnySelect = select(member_id.label("id")).where(_of(tenant_id, list_id))
    if not wanted.is_plain or order in ("email", "status"):
        found = found.select_from(list_members.join(contacts, _is_same()))
    if wanted.statuses is not None:
        found = found.where(STATUS.in_(wanted.statuses))
    if wanted.email_key is not None:
        found = found.where(contacts.c.email_key == wanted.email_key)
    if wanted.fits is not None:
        found = found.where(wanted.fits)
    if wanted.after_id is not None:
        found = found.where(member_id > wanted.after_id)
    if wanted.before_id is not None:
        found = found.where(member_id < wanted.before_id)
    return found


def _sorted(ids: AnySelect, tenant_id: int, order: str, *, descending: bool) -> AnySelect:
    member_id = list_members.c.contact_id
    keys: dict[str, ColumnElement[Any]] = {
        "joined_at": list_members.c.joined_at,
        "email": contacts.c.email_key,
        "status": STATUS,
        "bounces_count": _of_bounces(tenant_id, func.count()),
        "last_bounce": _of_bounces(tenant_id, func.max(messages.c.bounced_at)),
    }
    by = [keys[order], member_id] if order != "id" else [member_id]
    return ids.order_by(*(key.desc() if descending else key for key in by))


def _of_bounces(tenant_id: int, what: ColumnElement[Any]) -> ColumnElement[Any]:
    return (
        select(what)
        .where(
            messages.c.tenant_id == tenant_id,
            messages.c.contact_id == list_members.c.contact_id,
            messages.c.bounced_at.is_not(None),
        )
        .correlate(list_members)
        .scalar_subquery()
    )
