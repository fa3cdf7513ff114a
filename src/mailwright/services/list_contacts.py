"""People as members of one list: who is on it, how they came, how they leave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.email_address import email_key_of
from mailwright.domain.segment_rule_reader import parse_rule
from mailwright.errors import NotFound
from mailwright.services import rule_references
from mailwright.services.caller import Caller
from mailwright.services.contact_views import ContactRow, row_view
from mailwright.services.interests import ids_of, list_id_of
from mailwright.services.paging import Page
from mailwright.services.runtime import Runtime
from mailwright.store import contacts, interests, labels, segment_rules, segments
from mailwright.store import list_contacts as store
from mailwright.store.list_contacts import Wanted
from mailwright.store.rows import Row

STANDINGS = ("subscribed", "unconfirmed", "unsubscribed")
SECONDS_MAX = 20  # for finding one page


@dataclass(frozen=True, slots=True)
class ListContact:
    """A contact on a list. `standing`: subscribed, unconfirmed or unsubscribed, there or wholly."""

    contact: ContactRow
    standing: str
    joined_at: datetime
    bounces_count: int
    last_bounced_at: datetime | None
    tags: list[str]
    interests: list[str]


@dataclass(frozen=True, slots=True)
class MemberFilter:
    """Which members; None: whatever. `tags` and `interests`: all of them. `rule`: as in segments.

    `segment_uuid`: a segment of the list, or of the whole account.
    """

    standing: str | None = None
    email: str | None = None
    tags: Sequence[str] = ()
    interests: Sequence[str] = ()
    rule: Mapping[str, Any] | None = None
    segment_uuid: UUID | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """How members are sorted: by one of `store.list_contacts.ORDERS`."""

    by: str = "id"
    descending: bool = False


@dataclass(frozen=True, slots=True)
class MemberPage:
    """A page. `total` when it was asked for; `first_id`, `last_id`: where others go on."""

    items: Sequence[ListContact]
    has_more: bool
    total: int | None
    first_id: int | None = None
    last_id: int | None = None


@dataclass(frozen=True, slots=True)
class ReadOn:
    """Reading on in the order of ids from where a page ended, or back from where it began."""

    after_id: int | None = None
    before_id: int | None = None


async def page(
    runtime: Runtime,
    caller: Caller,
    list_uuid: UUID,
    page: Page,
    wanted: MemberFilter | None = None,
    *,
    order: Order | None = None,
    read_on: ReadOn | None = None,
    with_total: bool = False,
) -> MemberPage:
    """Members that fit. `read_on` wants the order of ids and goes before the page's number.

    Raises NotFound, or InvalidInput for a rule that is none.
    """
    caller.require("contacts:read")
    by, place = order or Order(), read_on or ReadOn()
    tenant_id = caller.tenant_id
    async with runtime.database.transaction() as connection:
        list_id = await list_id_of(connection, caller, list_uuid)
        fits = await _wanted(connection, caller, list_id, wanted or MemberFilter())
        await contacts.limit_time(connection, seconds=SECONDS_MAX)
        total = await store.count(connection, tenant_id, list_id, fits) if with_total else None
        backwards = place.before_id is not None
        rows = await store.page(
            connection,
            tenant_id,
            list_id,
            replace(fits, **_beyond(place, descending=by.descending)),
            order=by.by,
            descending=by.descending != backwards,
            limit=page.per_page + 1,
            offset=page.offset if place == ReadOn() else 0,
        )
        shown = rows[: page.per_page]
        if backwards:
            shown = list(reversed(shown))
        items = await views(connection, caller.tenant_id, list_id, shown)
    ids = [row["id"] for row in shown]
    return MemberPage(
        items,
        len(rows) > page.per_page,
        total,
        first_id=ids[0] if ids else None,
        last_id=ids[-1] if ids else None,
    )


async def get(runtime: Runtime, caller: Caller, list_uuid: UUID, contact_uuid: UUID) -> ListContact:
    """One member. Raises NotFound."""
    caller.require("contacts:read")
    async with runtime.database.reading() as connection:
        list_id = await list_id_of(connection, caller, list_uuid)
        row = await member(connection, caller, list_id, contact_uuid)
        return await view(connection, caller.tenant_id, list_id, row)


async def lists_of(runtime: Runtime, caller: Caller, contact_uuid: UUID) -> list[UUID]:
    """The lists the contact is on, whatever its standing, the oldest first."""
    caller.require("contacts:read")
    async with runtime.database.reading() as connection:
        return await store.lists_of(connection, caller.tenant_id, contact_uuid)


async def count_standings(runtime: Runtime, caller: Caller, list_uuid: UUID) -> dict[str, int]:
    """How many members have which standing. Raises NotFound."""
    caller.require("contacts:read")
    async with runtime.database.reading() as connection:
        list_id = await list_id_of(connection, caller, list_uuid)
        found = await store.standings(connection, caller.tenant_id, list_id)
    return {standing: found.get(standing, 0) for standing in STANDINGS}


async def member(
    connection: AsyncConnection, caller: Caller, list_id: int, contact_uuid: UUID
) -> Row:
    """The row of a contact that is on the list, whatever its standing. Raises NotFound."""
    contact = await contacts.get(connection, caller.tenant_id, contact_uuid)
    found: Mapping[int, Row] = {}
    if contact is not None:
        found = await store.of_ids(connection, caller.tenant_id, list_id, [contact["id"]])
    for row in found.values():
        return row
    raise NotFound("There is no such contact on this list.")


async def view(connection: AsyncConnection, tenant_id: int, list_id: int, row: Row) -> ListContact:
    """The member of a row that `store.list_contacts` gave."""
    return (await views(connection, tenant_id, list_id, [row]))[0]


async def views(
    connection: AsyncConnection, tenant_id: int, list_id: int, rows: Sequence[Row]
) -> list[ListContact]:
    """The members of rows that `store.list_contacts` gave."""
    ids = [row["id"] for row in rows]
    tags = await labels.names_of(connection, tenant_id, labels.TAGS, ids)
    chosen = await labels.names_of(connection, tenant_id, labels.INTERESTS, ids, list_id=list_id)
    bounces = await store.bounces_of(connection, tenant_id, ids)
    return [
        ListContact(
            contact=row_view(row),
            standing=row["standing"],
            joined_at=row["joined_at"],
            bounces_count=bounces[row["id"]]["bounces_count"] if row["id"] in bounces else 0,
            last_bounced_at=bounces[row["id"]]["last_at"] if row["id"] in bounces else None,
            tags=tags.get(row["id"], []),
            interests=chosen.get(row["id"], []),
        )
        for row in rows
    ]


async def whole_rule(
    connection: AsyncConnection, caller: Caller, list_id: int, wanted: MemberFilter
) -> dict[str, Any] | None:
    """What tags, interests, rule and segment of the filter come to, as one rule; None: nothing.

    Raises NotFound for another's segment, InvalidInput for a rule that is none.
    """
    parts: list[Any] = [{"field": "tag", "op": "eq", "value": name} for name in wanted.tags]
    if wanted.interests:
        known = await interests.of_list(connection, caller.tenant_id, list_id)
        ids_of(known, wanted.interests)  # refuses those that are none
        parts += [
            {"field": "interest", "op": "eq", "value": str(known[name]["uuid"])}
            for name in wanted.interests
        ]
    if wanted.rule:
        rule = parse_rule(wanted.rule)
        await rule_references.require_own(connection, caller.tenant_id, rule, field="rule")
        parts.append(dict(wanted.rule))
    if wanted.segment_uuid is not None:
        row = await segments.get(connection, caller.tenant_id, wanted.segment_uuid)
        if row is None or row["list_id"] not in (None, list_id):
            raise NotFound("There is no such segment.")
        if row["rule"]:
            parts.append(row["rule"])
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else {"all": parts}


async def _wanted(
    connection: AsyncConnection, caller: Caller, list_id: int, wanted: MemberFilter
) -> Wanted:
    rule = await whole_rule(connection, caller, list_id, wanted)
    return Wanted(
        statuses=None if wanted.standing is None else (wanted.standing,),
        email_key=None if wanted.email is None else email_key_of(wanted.email),
        fits=None if rule is None else segment_rules.condition(caller.tenant_id, parse_rule(rule)),
    )


def _beyond(place: ReadOn, *, descending: bool) -> dict[str, int | None]:
    """The ids that the next page may have, for a list sorted up or down."""
    low, high = place.after_id, place.before_id
    return (
        {"after_id": high, "before_id": low} if descending else {"after_id": low, "before_id": high}
    )
