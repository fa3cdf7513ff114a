"""What can be asked of a campaign's log, and the rows of the log it means."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.bounce_kind import KINDS, BounceKind
from mailwright.domain.email_address import EmailAddress
from mailwright.domain.email_event import EventKind
from mailwright.errors import InvalidInput
from mailwright.services.caller import Caller
from mailwright.store import campaign_links, contacts
from mailwright.store.campaign_events import EventFilter

_NOBODY = 0  # ids count from 1


@dataclass(frozen=True, slots=True)
class EventQuery:
    """What is asked of a log; None or empty: whatever.

    `since` is the first moment, `until` the first no longer. `firsts`: of each kind the first of a
    person only; `by_person`: one row for each person. `bounces` narrows the kind `bounced`.
    """

    kinds: Collection[EventKind] = ()
    bounces: Collection[BounceKind] = ()
    contact_uuid: UUID | None = None
    email: str | None = None
    link_uuid: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None
    firsts: bool = False
    by_person: bool = False
    event_id: int | None = None
    first_id: int | None = None
    last_id: int | None = None


async def filter_of(
    connection: AsyncConnection, caller: Caller, campaign_ids: Sequence[int], query: EventQuery
) -> EventFilter | None:
    """The query over these campaigns in our ids; None: nothing can fit."""
    contact_id = await _contact_id(connection, caller, query)
    link = None
    if query.link_uuid is not None:
        found = await campaign_links.get(connection, caller.tenant_id, query.link_uuid)
        if found is None or found["campaign_id"] not in campaign_ids:
            return None
        link = found["campaign_id"], found["number"]
    return EventFilter(
        campaign_ids=campaign_ids,
        up_to=0,
        kinds=_kinds(query),
        contact_id=contact_id,
        link=link,
        since=query.since,
        until=query.until,
        firsts=query.firsts,
        by_person=query.by_person,
        event_id=query.event_id,
        from_id=query.first_id,
        to_id=query.last_id,
        **_reasons(query.bounces),
    )


def to_keep(wanted: EventFilter) -> dict[str, Any]:
    """The filter as JSON has it, to be read again by `kept`."""
    values = {field.name: getattr(wanted, field.name) for field in fields(wanted)}
    for name in ("since", "until"):
        values[name] = values[name] and values[name].isoformat()
    return values


def kept(values: Mapping[str, Any]) -> EventFilter:
    """The filter that `to_keep` made JSON of."""
    names = {field.name for field in fields(EventFilter)}
    given = {name: value for name, value in values.items() if name in names}
    for name in ("since", "until"):
        given[name] = datetime.fromisoformat(given[name]) if given.get(name) else None
    given["link"] = tuple(given["link"]) if given.get("link") else None
    return EventFilter(**given)


def _kinds(query: EventQuery) -> Collection[str] | None:
    kinds = {str(kind) for kind in query.kinds}
    if query.bounces:
        kinds.add(str(EventKind.BOUNCED))
    if query.link_uuid is not None:
        kinds = kinds or {str(EventKind.CLICKED)}
    return sorted(kinds) or None


def _reasons(bounces: Collection[BounceKind]) -> dict[str, Any]:
    """`soft` is whatever no other kind claims."""
    if not bounces:
        return {}
    if BounceKind.SOFT in bounces:
        return {"other_than": [rule for rule, kind in KINDS.items() if kind not in bounces]}
    return {"reasons": [rule for rule, kind in KINDS.items() if kind in bounces]}


async def _contact_id(connection: AsyncConnection, caller: Caller, query: EventQuery) -> int | None:
    tenant_id = caller.tenant_id
    if query.contact_uuid is not None:
        row = await contacts.get(connection, tenant_id, query.contact_uuid)
        return row["id"] if row else _NOBODY
    if query.email is None:
        return None
    try:
        key = EmailAddress.parse(query.email).key
    except InvalidInput:
        return _NOBODY
    return await contacts.id_of_address(connection, tenant_id, key) or _NOBODY
