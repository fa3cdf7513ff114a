"""Single mails: read, listed, canceled."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, exists, func, or_, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.email_event import EventKind
from mailwright.domain.email_status import EmailStatus
from mailwright.domain.message_lifecycle import TRANSITIONS, MessageEvent, MessageState
from mailwright.store.event_log import TAG_LOGGED
from mailwright.store.rows import AnySelect, Row, every, maybe_one
from mailwright.store.tables import (
    contacts,
    email_attachments,
    email_contents,
    emails,
    event_tags,
    lists,
    messages,
    projects,
    senders,
    template_versions,
)


@dataclass(frozen=True, slots=True)
class EmailFilter:
    """Which mails; None: whichever. Times are those of acceptance, `until` excluded.

    `statuses`: any of these; none: whatever it is.
    """

    tag: str | None = None
    statuses: tuple[EmailStatus, ...] = ()
    stream: str | None = None
    email_key: str | None = None
    since: datetime | None = None
    until: datetime | None = None


_STATE = messages.c.state
_NOT_COMPLAINED = messages.c.complained_at.is_(None)
_SENT = and_(_STATE == MessageState.SENT, _NOT_COMPLAINED)


def has_status(status: EmailStatus, now: datetime) -> ColumnElement[bool]:
    """What `domain.email_status.status_of` says, as a condition."""
    queued = _STATE.in_((MessageState.QUEUED, MessageState.SENDING)) & _NOT_COMPLAINED
    is_later = func.coalesce(emails.c.scheduled_at > now, text("false"))
    unread = and_(messages.c.clicked_at.is_(None), messages.c.opened_at.is_(None))
    clicked = messages.c.clicked_at.is_not(None)
    opened = and_(messages.c.clicked_at.is_(None), messages.c.opened_at.is_not(None))
    conditions: Mapping[EmailStatus, ColumnElement[bool]] = {
        EmailStatus.COMPLAINED: messages.c.complained_at.is_not(None),
        EmailStatus.CLICKED: and_(_SENT, clicked),
        EmailStatus.OPENED: and_(_SENT, opened),
        EmailStatus.DELIVERED: and_(_SENT, unread),
        EmailStatus.SCHEDULED: and_(queued, is_later),
        EmailStatus.QUEUED: and_(queued, ~is_later),
    }
    return conditions.get(status, and_(_STATE.in_((status.value,)), _NOT_COMPLAINED))


_ROW = (
    emails.c.tenant_id,
    emails.c.message_id,
    emails.c.uuid,
    emails.c.stream,
    emails.c.to_name,
    emails.c.from_email,
    emails.c.from_name,
    emails.c.tags,
    emails.c.scheduled_at,
    email_contents.c.subject,
    messages.c.email,
    messages.c.lane,
    messages.c.state,
    messages.c.reason,
    messages.c.reply,
    messages.c.attempts,
    messages.c.created_at,
    messages.c.sent_at,
    messages.c.bounced_at,
    messages.c.opened_at,
    messages.c.clicked_at,
    messages.c.complained_at,
    messages.c.unsubscribed_at,
)


def _uuid_of(table: Table, column: ColumnElement[Any], label: str) -> ColumnElement[Any]:
    found = select(table.c.uuid).where(
        table.c.tenant_id == emails.c.tenant_id, table.c.id == column
    )
    return found.scalar_subquery().label(label)


_JOINED = emails.join(
    messages,
    and_(messages.c.tenant_id == emails.c.tenant_id, messages.c.id == emails.c.message_id),
).join(
    email_contents,
    and_(
        email_contents.c.tenant_id == emails.c.tenant_id,
        email_contents.c.id == emails.c.content_id,
    ),
)

_IN_FULL: AnySelect = select(
    *_ROW,
    *(
        column
        for column in emails.c
        if column.name not in {each.name for each in _ROW} | {"content_id", "door"}
    ),
    email_contents.c.charset.label("encoding"),
    email_contents.c.preheader,
    email_contents.c.html,
    email_contents.c.plain_text,
    email_contents.c.language,
    email_contents.c.fallbacks,
    messages.c.contact_id,
    messages.c.next_attempt_at,
    messages.c.possibly_repeated,
    _uuid_of(senders, emails.c.sender_id, "sender_uuid"),
    _uuid_of(projects, emails.c.project_id, "project_uuid"),
    _uuid_of(lists, emails.c.list_id, "list_uuid"),
    _uuid_of(contacts, messages.c.contact_id, "contact_uuid"),
    _uuid_of(template_versions, emails.c.template_version_id, "template_version_uuid"),
).select_from(_JOINED)


async def get(connection: AsyncConnection, tenant_id: int, email_uuid: uuid.UUID) -> Row | None:
    """One mail with its row of the ledger and what it says, or None."""
    mine = and_(emails.c.tenant_id == tenant_id, emails.c.uuid == email_uuid)
    return await maybe_one(connection, _IN_FULL.where(mine))


async def by_message(connection: AsyncConnection, tenant_id: int, message_id: int) -> Row | None:
    """The same by its row of the ledger."""
    mine = and_(emails.c.tenant_id == tenant_id, emails.c.message_id == message_id)
    return await maybe_one(connection, _IN_FULL.where(mine))


async def page(
    connection: AsyncConnection,
    tenant_id: int,
    wanted: EmailFilter,
    *,
    now: datetime,
    limit: int,
    offset: int = 0,
    after: tuple[datetime, int] | None = None,
) -> Sequence[Row]:
    """Mails that fit, newest first, from behind the mail with that time and id.

    One address has few mails; everything else is read along the log's index, by tag and time.
    """
    found = _fitting(tenant_id, wanted, after, now)
    return await every(connection, found.limit(limit).offset(offset))


async def count(
    connection: AsyncConnection, tenant_id: int, wanted: EmailFilter, *, now: datetime
) -> int:
    """How many mails fit: a count of all of them, for who must know."""
    found = _fitting(tenant_id, wanted, None, now).order_by(None).subquery()
    return (await connection.execute(select(func.count()).select_from(found))).scalar_one()


def _fitting(
    tenant_id: int, wanted: EmailFilter, after: tuple[datetime, int] | None, now: datetime
) -> AnySelect:
    if wanted.email_key is not None:
        found = _of_address(tenant_id, wanted, after)
    else:
        found = _along_the_log(tenant_id, wanted, after)
    if wanted.statuses:
        found = found.where(or_(*(has_status(status, now) for status in wanted.statuses)))
    if wanted.stream is not None:
        found = found.where(emails.c.stream == wanted.stream)
    return found


def _along_the_log(
    tenant_id: int, wanted: EmailFilter, after: tuple[datetime, int] | None
) -> AnySelect:
    """A mail's `submitted` is of the same moment as its row, both written in one transaction."""
    log = event_tags
    mine = and_(emails.c.tenant_id == log.c.tenant_id, emails.c.message_id == log.c.message_id)
    found = (
        select(*_ROW)
        .select_from(_JOINED.join(log, mine))
        .where(
            log.c.tenant_id == tenant_id,
            log.c.tag == (wanted.tag or ""),
            log.c.kind == EventKind.SUBMITTED,
            *_between(log.c.at, wanted),
        )
        .order_by(log.c.at.desc(), log.c.id.desc())
    )
    return found if after is None else found.where(*_behind(log.c.at, log.c.message_id, after))


def _of_address(
    tenant_id: int, wanted: EmailFilter, after: tuple[datetime, int] | None
) -> AnySelect:
    found = (
        select(*_ROW)
        .select_from(_JOINED)
        .where(
            emails.c.tenant_id == tenant_id,
            emails.c.email_key == wanted.email_key,
            *_between(messages.c.created_at, wanted),
        )
        .order_by(emails.c.message_id.desc())
    )
    if wanted.tag is not None:
        found = found.where(emails.c.tags.contains([wanted.tag]))
    if after is None:
        return found
    return found.where(*_behind(messages.c.created_at, emails.c.message_id, after))


def _between(at: ColumnElement[Any], wanted: EmailFilter) -> list[ColumnElement[bool]]:
    since = [] if wanted.since is None else [at >= wanted.since]
    return since if wanted.until is None else [*since, at < wanted.until]


def _behind(
    at: ColumnElement[Any], message_id: ColumnElement[Any], after: tuple[datetime, int]
) -> tuple[ColumnElement[bool], ...]:
    return at <= after[0], or_(at < after[0], message_id < after[1])


async def attachments(
    connection: AsyncConnection, tenant_id: int, message_id: int
) -> Sequence[Row]:
    """A mail's files, in their order."""
    found = (
        select(email_attachments)
        .where(
            email_attachments.c.tenant_id == tenant_id,
            email_attachments.c.message_id == message_id,
        )
        .order_by(email_attachments.c.number)
    )
    return await every(connection, found)


_CANCELABLE = ", ".join(
    f"'{state}'" for state, moves in TRANSITIONS.items() if MessageEvent.CANCEL in moves
)

# A row without `next_attempt_at` is in a worker's hands, or over.
_CANCEL = text(f"""
WITH canceled AS (
    UPDATE messages SET state = 'canceled', next_attempt_at = NULL
    WHERE tenant_id = :tenant_id AND id = :message_id AND lane IS NOT NULL
      AND next_attempt_at IS NOT NULL AND state IN ({_CANCELABLE})
    RETURNING tenant_id, id, contact_id
), logged AS (
    INSERT INTO events (tenant_id, at, kind, message_id, contact_id)
    SELECT tenant_id, now(), 'canceled', id, contact_id FROM canceled
    RETURNING tenant_id, at, id, kind, message_id, campaign_id
), tagged AS ({TAG_LOGGED})
SELECT count(*) FROM canceled
""")  # noqa: S608  # constants


async def cancel(connection: AsyncConnection, tenant_id: int, message_id: int) -> bool:
    """Whether the mail was still waiting, and is canceled now."""
    values = {"tenant_id": tenant_id, "message_id": message_id}
    return bool(await connection.scalar(_CANCEL, values))


_POSITION = text("""
WITH mine AS (
    SELECT m.tenant_id, m.id, m.lane, m.next_attempt_at FROM emails e
    JOIN messages m ON m.tenant_id = e.tenant_id AND m.id = e.message_id
    WHERE e.tenant_id = :tenant_id AND e.uuid = :uuid AND m.next_attempt_at <= now()
), ahead AS (
    SELECT 1 FROM mine JOIN messages m ON m.tenant_id = mine.tenant_id AND m.lane = mine.lane
    WHERE m.next_attempt_at IS NOT NULL AND m.lane IS NOT NULL
      AND (m.next_attempt_at, m.id) <= (mine.next_attempt_at, mine.id)
    LIMIT 1000
)
SELECT count(*) FROM ahead
""")


async def queue_position(connection: AsyncConnection, tenant_id: int, email_uuid: uuid.UUID) -> int:
    """How many mails of its lane are due up to this one; 0: it does not wait now."""
    values = {"tenant_id": tenant_id, "uuid": email_uuid}
    return (await connection.execute(_POSITION, values)).scalar_one()


async def is_waiting(connection: AsyncConnection, tenant_id: int, project_id: int) -> bool:
    """Whether a mail that is not over would leave by this project."""
    waiting = exists(
        select(1).where(
            messages.c.tenant_id == tenant_id,
            messages.c.lane == project_id,
            messages.c.next_attempt_at.is_not(None),
        )
    )
    return bool(await connection.scalar(select(waiting)))
