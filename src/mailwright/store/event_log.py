"""The log of single mails: events indexed by tag, read newest first.

`event_tags` holds each event of a single mail once for every tag of its mail, and once for the tag
''. A page is read along that index: for each tag and kind asked for the newest few, merged. So it
costs the same in a log of ten million events as in one of ten. Nothing here counts the whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    DateTime,
    Select,
    Text,
    and_,
    bindparam,
    column,
    func,
    literal,
    not_,
    or_,
    select,
    text,
    true,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.tag_expression import (
    AllOf,
    AnyOf,
    HasTag,
    NoneOf,
    TagExpression,
    leading_tags,
)
from mailwright.store.rows import Row, every
from mailwright.store.tables import email_contents, emails, event_tags, events, messages

#: To stand after a CTE `logged` of inserted events (tenant_id, at, id, kind, message_id,
#: campaign_id): those of single mails go into the log, once for each tag and once for ''.
TAG_LOGGED = """
INSERT INTO event_tags (tenant_id, tag, kind, at, id, message_id)
SELECT logged.tenant_id, tag, logged.kind, logged.at, logged.id, logged.message_id
FROM logged
JOIN emails e ON e.tenant_id = logged.tenant_id AND e.message_id = logged.message_id
CROSS JOIN LATERAL unnest(array_append(e.tags, '')) AS tag
WHERE logged.campaign_id IS NULL
"""


_ADD = text(f"""
WITH logged AS (
    INSERT INTO events (tenant_id, at, kind, message_id, campaign_id, contact_id, data)
    VALUES (:tenant_id, :at, :kind, :message_id, :campaign_id, :contact_id, :data)
    RETURNING tenant_id, at, id, kind, message_id, campaign_id
)
{TAG_LOGGED}
""").bindparams(  # noqa: S608  # constants
    bindparam("campaign_id", type_=BigInteger),
    bindparam("contact_id", type_=BigInteger),
    bindparam("data", type_=events.c.data.type),
)


async def add(
    connection: AsyncConnection,
    tenant_id: int,
    *,
    at: datetime,
    kind: str,
    message_id: int,
    campaign_id: int | None,
    contact_id: int | None,
    data: Mapping[str, object],
) -> None:
    """Writes a fact about a message down; of a single mail also into the log by tag."""
    values = {"at": at, "kind": kind, "message_id": message_id, "data": dict(data)}
    about = {"tenant_id": tenant_id, "campaign_id": campaign_id, "contact_id": contact_id}
    await connection.execute(_ADD, values | about)


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Which events: of these kinds, from `since` and before `until`, of mails whose tags fit; of
    one mail, or of the mails to one address."""

    kinds: tuple[str, ...]
    since: datetime
    until: datetime
    tags: TagExpression | None = None
    message_id: int | None = None
    email_key: str | None = None

    @property
    def is_of_few(self) -> bool:
        """Whether it asks for mails by name; their events are read by mail, not along the log."""
        return self.message_id is not None or self.email_key is not None


async def page(
    connection: AsyncConnection,
    tenant_id: int,
    wanted: LogFilter,
    *,
    limit: int,
    offset: int = 0,
    after: tuple[datetime, int] | None = None,
    oldest_first: bool = False,
) -> Sequence[Row]:
    """Events that fit with their mail, newest first unless told otherwise.

    `after`: from behind the event of that time and id.
    """
    if wanted.is_of_few:
        found = _of_mails(tenant_id, wanted)
    else:
        found = _along_tags(tenant_id, wanted, limit + offset, after, oldest_first=oldest_first)
    place = found.subquery("place")
    order = (place.c.at, place.c.id) if oldest_first else (place.c.at.desc(), place.c.id.desc())
    # The page's places are settled first; only then their events and mails are read, by key.
    settled = select(place).order_by(*order).limit(limit).offset(offset)
    if wanted.is_of_few and after is not None:
        settled = settled.where(_behind(place.c, after, oldest_first=oldest_first))
    return await every(connection, _with_their_mails(tenant_id, settled, oldest_first=oldest_first))


def _along_tags(
    tenant_id: int,
    wanted: LogFilter,
    count: int,
    after: tuple[datetime, int] | None,
    *,
    oldest_first: bool,
) -> Any:
    """The newest `count` places for each leading tag and kind."""
    leading = None if wanted.tags is None else leading_tags(wanted.tags)
    tags = _unnested("tag", sorted(leading) if leading is not None else [""])
    kinds = _unnested("kind", list(wanted.kinds))
    log = event_tags
    found = select(log.c.at, log.c.id, log.c.message_id).where(
        log.c.tenant_id == tenant_id,
        log.c.tag == tags.c.tag,
        log.c.kind == kinds.c.kind,
        log.c.at >= wanted.since,
        log.c.at < wanted.until,
    )
    if after is not None:
        found = found.where(_behind(log.c, after, oldest_first=oldest_first))
    found = _fitting(found, tenant_id, wanted)
    order = (log.c.at, log.c.id) if oldest_first else (log.c.at.desc(), log.c.id.desc())
    newest = found.order_by(*order).limit(count).lateral("newest")
    # A mail with two leading tags has each event twice.
    return select(newest).distinct().select_from(tags.join(kinds, true()).join(newest, true()))


def _of_mails(tenant_id: int, wanted: LogFilter) -> Any:
    its_mail = and_(emails.c.tenant_id == tenant_id, emails.c.message_id == events.c.message_id)
    found = (
        select(events.c.at, events.c.id, events.c.message_id)
        .join(emails, its_mail)
        .where(
            events.c.tenant_id == tenant_id,
            events.c.kind.in_(wanted.kinds),
            events.c.at >= wanted.since,
            events.c.at < wanted.until,
        )
    )
    if wanted.message_id is not None:
        found = found.where(events.c.message_id == wanted.message_id)
    if wanted.email_key is not None:
        found = found.where(emails.c.email_key == wanted.email_key)
    return found if wanted.tags is None else found.where(_fits(wanted.tags))


def _in_log(tenant_id: int, wanted: LogFilter, *columns: Any) -> Any:
    """Rows of the log that fit; with several leading tags some stand there more than once."""
    leading = None if wanted.tags is None else leading_tags(wanted.tags)
    log = event_tags
    found = select(*columns).where(
        log.c.tenant_id == tenant_id,
        log.c.tag.in_(sorted(leading) if leading is not None else [""]),
        log.c.kind.in_(wanted.kinds),
        log.c.at >= wanted.since,
        log.c.at < wanted.until,
    )
    return _fitting(found, tenant_id, wanted)


def _fitting(found: Any, tenant_id: int, wanted: LogFilter) -> Any:
    """Of rows with a leading tag those whose mail has all of what is wanted."""
    if wanted.tags is None or isinstance(wanted.tags, HasTag):
        return found
    its_mail = and_(emails.c.tenant_id == tenant_id, emails.c.message_id == event_tags.c.message_id)
    return found.join(emails, its_mail).where(_fits(wanted.tags))


async def count(connection: AsyncConnection, tenant_id: int, wanted: LogFilter) -> int:
    """How many events fit: a count of all of them, for who must know."""
    log = event_tags
    if wanted.is_of_few:
        found = _of_mails(tenant_id, wanted)
    else:
        found = _in_log(tenant_id, wanted, log.c.at, log.c.id).distinct()
    counted = select(func.count()).select_from(found.subquery())
    return (await connection.execute(counted)).scalar_one()


def _with_their_mails(tenant_id: int, settled: Any, *, oldest_first: bool) -> Select[Any]:
    place = settled.subquery("settled")
    order = (place.c.at, place.c.id) if oldest_first else (place.c.at.desc(), place.c.id.desc())
    its_event = and_(
        events.c.tenant_id == tenant_id, events.c.at == place.c.at, events.c.id == place.c.id
    )
    its_mail = and_(emails.c.tenant_id == tenant_id, emails.c.message_id == place.c.message_id)
    its_row = and_(messages.c.tenant_id == tenant_id, messages.c.id == place.c.message_id)
    its_content = and_(
        email_contents.c.tenant_id == tenant_id, email_contents.c.id == emails.c.content_id
    )
    return cast(
        "Select[Any]",
        select(
            events.c.id,
            events.c.at,
            events.c.kind,
            events.c.data,
            emails.c.message_id,
            emails.c.uuid.label("email_uuid"),
            emails.c.stream,
            emails.c.tags,
            emails.c.metadata,
            emails.c.headers,
            emails.c.sender_id,
            emails.c.from_email,
            emails.c.from_name,
            messages.c.email,
            email_contents.c.subject,
        )
        .select_from(
            place.join(events, its_event)
            .join(emails, its_mail)
            .join(messages, its_row)
            .join(email_contents, its_content)
        )
        .order_by(*order),
    )


async def counts(
    connection: AsyncConnection, tenant_id: int, wanted: LogFilter, *, width_seconds: int | None
) -> Sequence[Row]:
    """How many events of each kind there are in each stretch of time, and of how many mails.

    `start`: when the stretch begins; stretches without any are left out. None: one for all.
    """
    log = event_tags
    stretch = func.to_timestamp(
        func.floor(func.extract("epoch", log.c.at) / width_seconds) * width_seconds
    )
    start = literal(wanted.since, DateTime(timezone=True)) if width_seconds is None else stretch
    found = _in_log(
        tenant_id,
        wanted,
        start.label("start"),
        log.c.kind,
        func.count(func.distinct(log.c.id)).label("events"),
        func.count(func.distinct(log.c.message_id)).label("mails"),
    )
    columns = (log.c.kind,) if width_seconds is None else (text("1"), log.c.kind)
    return await every(connection, found.group_by(*columns).order_by(text("1")))


# One probe of the index for each tag, however many mails carry it.
_TAGS = text("""
WITH RECURSIVE known AS (
    (SELECT tag FROM event_tags WHERE tenant_id = :tenant_id AND tag > '' ORDER BY tag LIMIT 1)
  UNION ALL
    SELECT (SELECT e.tag FROM event_tags e WHERE e.tenant_id = :tenant_id AND e.tag > known.tag
            ORDER BY e.tag LIMIT 1)
    FROM known WHERE known.tag IS NOT NULL
)
SELECT tag FROM known WHERE tag IS NOT NULL
""")


async def tags(connection: AsyncConnection, tenant_id: int) -> list[str]:
    """Every tag that a mail carries, by name."""
    found = await connection.execute(_TAGS, {"tenant_id": tenant_id})
    return [row.tag for row in found]


def _behind(place: Any, after: tuple[datetime, int], *, oldest_first: bool) -> ColumnElement[bool]:
    at = literal(after[0], DateTime(timezone=True))
    number = literal(after[1], BigInteger)
    if oldest_first:
        return and_(place.at >= at, or_(place.at > at, place.id > number))
    return and_(place.at <= at, or_(place.at < at, place.id < number))


def _unnested(name: str, values: list[str]) -> Any:
    array = literal(values, ARRAY(Text))
    return func.unnest(array).table_valued(column(name, Text)).render_derived(name=f"{name}s")


def _fits(expression: TagExpression) -> ColumnElement[bool]:
    """The expression as a condition over the mail's tags."""
    match expression:
        case HasTag(tag):
            return emails.c.tags.contains([tag])
        case AllOf(parts):
            return and_(*map(_fits, parts))
        case AnyOf(parts):
            return or_(*map(_fits, parts))
        case NoneOf(part):
            return not_(_fits(part))
