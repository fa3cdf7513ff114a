"""The log of single mails: what happened to which, by tag, kind and time.

Each mail has its `submitted` here, `queued` when its time came, its outcome, and what its reader
did. Newest first, a page at a time; nobody counts the whole.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.email_address import email_key_of
from mailwright.domain.email_event import EventKind
from mailwright.domain.email_stream import Stream
from mailwright.domain.tag_expression import TagExpression
from mailwright.errors import InvalidInput, NotFound
from mailwright.services.caller import Caller
from mailwright.services.cursors import Cursored, cursor_at, place_of
from mailwright.services.paging import Page, Paged
from mailwright.services.runtime import Runtime
from mailwright.store import emails as email_store
from mailwright.store import event_log as store
from mailwright.store.event_log import LogFilter
from mailwright.store.rows import Row

_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
_END = datetime(9000, 1, 1, tzinfo=UTC)
STRETCHES_MAX = 2_000
_TAG_TESTS: Mapping[str, Callable[[str, str], bool]] = {
    "==": lambda tag, wanted: tag == wanted,
    "!=": lambda tag, wanted: tag != wanted,
    "~~": lambda tag, wanted: wanted in tag,
    "!~": lambda tag, wanted: wanted not in tag,
}
_KINDS = tuple(str(kind) for kind in EventKind)


@dataclass(frozen=True, slots=True)
class LogQuery:
    """Which events; None: whichever. `since` included, `until` not; `kinds`: none: all."""

    tags: TagExpression | None = None
    kinds: Sequence[EventKind] = ()
    since: datetime | None = None
    until: datetime | None = None
    email_uuid: UUID | None = None
    to: str | None = None  # an address; upper and lower case alike


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """Something that happened to a mail.

    `data`: what is known about it: `reason` and `reply` of an outcome, what fetched the pixel or
    followed the link (`ip`, `agent`, `verdict`, `link`).
    """

    id: int
    at: datetime
    kind: EventKind
    email_uuid: UUID
    to: str
    stream: Stream
    subject: str
    from_email: str
    from_name: str | None
    tags: Sequence[str]
    metadata: Mapping[str, str]
    headers: Sequence[Sequence[str]]
    data: Mapping[str, Any]


async def page_log(
    runtime: Runtime,
    caller: Caller,
    query: LogQuery,
    *,
    per_page: int,
    offset: int = 0,
    cursor: str | None = None,
    oldest_first: bool = False,
) -> Cursored[LoggedEvent]:
    """Events that fit, newest first, after `cursor` or `offset`. Raises NotFound for the mail."""
    caller.require("events:read")
    after = None if cursor is None else place_of(cursor)
    async with runtime.database.reading() as connection:
        wanted = await _filter(connection, caller.tenant_id, query)
        rows = await store.page(
            connection,
            caller.tenant_id,
            wanted,
            limit=per_page + 1,
            offset=0 if cursor is not None else offset,
            after=after,
            oldest_first=oldest_first,
        )
    shown, more = rows[:per_page], len(rows) > per_page
    return Cursored(
        [_view(row) for row in shown],
        cursor_at(shown[-1]["at"], shown[-1]["id"]) if more else None,
    )


async def count_log(runtime: Runtime, caller: Caller, query: LogQuery) -> int:
    """How many events fit, for doors whose lists say so; of very many as of a moment ago."""
    caller.require("events:read")
    async with runtime.database.reading() as connection:
        wanted = await _filter(connection, caller.tenant_id, query)

    async def count() -> int:
        async with runtime.database.reading() as connection:
            return await store.count(connection, caller.tenant_id, wanted)

    return await runtime.totals.get(("events", caller.tenant_id, wanted), runtime.now(), count)


@dataclass(frozen=True, slots=True)
class Stretch:
    """What happened in a stretch of time: events of each kind, and of how many mails."""

    start: datetime
    end: datetime
    events: Mapping[EventKind, int]
    mails: Mapping[EventKind, int]


async def count_events(
    runtime: Runtime,
    caller: Caller,
    query: LogQuery,
    *,
    since: datetime,
    until: datetime,
    width: timedelta | None,
) -> list[Stretch]:
    """The figures of `since` to `until`, one for each `width` in which anything happened.

    None: one for all. Raises InvalidInput for more than 2,000 stretches.
    """
    caller.require("reports:read")
    if width is not None and (until - since) / width > STRETCHES_MAX:
        raise InvalidInput.field("interval", f"At most {STRETCHES_MAX} of them.")
    wanted = replace(query, since=since, until=until)
    seconds = None if width is None else round(width.total_seconds())
    async with runtime.database.reading() as connection:
        found = await _filter(connection, caller.tenant_id, wanted)
        rows = await store.counts(connection, caller.tenant_id, found, width_seconds=seconds)
    starts = list(dict.fromkeys(row["start"] for row in rows)) or [since][: width is None]
    return [
        Stretch(
            start,
            until if width is None else start + width,
            {EventKind(row["kind"]): row["events"] for row in rows if row["start"] == start},
            {EventKind(row["kind"]): row["mails"] for row in rows if row["start"] == start},
        )
        for start in starts
    ]


async def page_tags(
    runtime: Runtime, caller: Caller, page: Page, *, name: str | None = None
) -> Paged[str]:
    """The tags of all mails, by name.

    `name`: that tag; with `!=` all others, with `~~` those that hold it, with `!~` those without.
    """
    caller.require("emails:read")
    async with runtime.database.reading() as connection:
        found = await store.tags(connection, caller.tenant_id)
    if name:
        wanted = name[2:] if name[:2] in _TAG_TESTS else name
        fits = _TAG_TESTS.get(name[:2], _TAG_TESTS["=="])
        found = [tag for tag in found if fits(tag, wanted)]
    return Paged(found[page.offset : page.offset + page.per_page], len(found), page)


async def events_of(
    runtime: Runtime, caller: Caller, email_uuid: UUID, *, limit: int
) -> Sequence[LoggedEvent]:
    """The newest events of one mail, in the order in which they happened. Raises NotFound."""
    caller.require("emails:read")
    async with runtime.database.reading() as connection:
        wanted = await _filter(connection, caller.tenant_id, LogQuery(email_uuid=email_uuid))
        rows = await store.page(connection, caller.tenant_id, wanted, limit=limit)
    return [_view(row) for row in reversed(rows)]


async def _filter(connection: AsyncConnection, tenant_id: int, query: LogQuery) -> LogFilter:
    message_id = None
    if query.email_uuid is not None:
        mail = await email_store.get(connection, tenant_id, query.email_uuid)
        if mail is None:
            raise NotFound("There is no such mail.")
        message_id = mail["message_id"]
    return LogFilter(
        kinds=tuple(str(kind) for kind in query.kinds) or _KINDS,
        since=query.since or _BEGINNING,
        until=query.until or _END,
        tags=query.tags,
        message_id=message_id,
        email_key=None if query.to is None else email_key_of(query.to),
    )


def _view(row: Row) -> LoggedEvent:
    return LoggedEvent(
        id=row["id"],
        at=row["at"],
        kind=EventKind(row["kind"]),
        email_uuid=row["email_uuid"],
        to=row["email"],
        stream=Stream(row["stream"]),
        subject=row["subject"],
        from_email=row["from_email"],
        from_name=row["from_name"],
        tags=row["tags"],
        metadata=row["metadata"],
        headers=row["headers"],
        data=row["data"],
    )
