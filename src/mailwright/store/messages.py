"""Rows of the ledger in a worker's hands: which are due, whom to skip, what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.forgotten import ERASED
from mailwright.domain.ids import new_id
from mailwright.domain.message_lifecycle import MessageState, SkipReason
from mailwright.domain.webhook_event import EventType
from mailwright.store.audiences import Audience, skip_reason
from mailwright.store.batches import Lease
from mailwright.store.database import Connection
from mailwright.store.event_log import TAG_LOGGED
from mailwright.store.rows import Row, every
from mailwright.store.tables import contacts, messages
from mailwright.store.webhook_outbox import LISTENING, TELL_FACTS, TOLD


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one message. `state` and `reason` are stored as they are."""

    message_id: int
    attempts: int  # before this one
    state: MessageState
    reason: str | None = None
    reply: str | None = None  # the server's words
    retry_seconds: float | None = None  # until the next try of a deferred one
    possibly_repeated: bool = False  # it may have arrived, and will be sent again
    was_tried: bool = True
    suppress: str | None = None  # the `email_key` that must not be mailed again


async def due(connection: AsyncConnection, lease: Lease, audience: Audience) -> Sequence[Row]:
    """The batch's rows that still wait, with all of their contact and `skip_reason` as of now."""
    reason = case(
        (contacts.c.id.is_(None), SkipReason.CONTACT_DELETED.value),
        else_=skip_reason(lease.tenant_id, audience),
    )
    statement = (
        select(
            messages.c.id.label("message_id"),
            messages.c.email.label("message_email"),
            messages.c.attempts,
            messages.c.possibly_repeated,
            messages.c.variant_id,
            reason.label("skip_reason"),
            contacts,
        )
        .select_from(messages.outerjoin(contacts, _its_contact()))
        .where(_waiting(lease))
        .order_by(messages.c.id)
    )
    return await every(connection, statement)


async def no_longer_mailable(
    connection: AsyncConnection, lease: Lease, audience: Audience, message_ids: Sequence[int]
) -> dict[int, str]:
    """Which of these must be skipped now, and why: people leave while a batch is under way."""
    reason = skip_reason(lease.tenant_id, audience)
    statement = (
        select(messages.c.id, reason.label("reason"))
        .select_from(messages.join(contacts, _its_contact()))
        .where(messages.c.tenant_id == lease.tenant_id)
        .where(messages.c.id == func.any(list(message_ids)))
        .where(reason.is_not(None))
    )
    return {row["id"]: row["reason"] for row in await every(connection, statement)}


async def follow_addresses(connection: AsyncConnection, lease: Lease) -> None:
    """Rows of contacts whose address changed since the fan-out tell where the mail goes now."""
    await connection.execute(
        update(messages)
        .values(email=contacts.c.email)
        .where(_its_contact(), _waiting(lease), messages.c.email != contacts.c.email)
    )


#: Outcomes that are facts for the log; a deferred row is on its way to one of them.
_FINAL = ", ".join(
    f"'{state}'"
    for state in (
        MessageState.SENT,
        MessageState.BOUNCED,
        MessageState.FAILED,
        MessageState.SKIPPED,
    )
)
_TELL = f"""), facts AS MATERIALIZED (
    SELECT $1::int AS tenant_id, gen_random_uuid() AS event_uuid, told.type, now() AS at,
           recorded.id AS message_id, recorded.contact_id, recorded.campaign_id,
           jsonb_strip_nulls(jsonb_build_object(
               'reason', recorded.reason, 'reply', recorded.reply)) AS data
    FROM recorded JOIN (VALUES {TOLD}) AS told (state, type) USING (state)
    UNION ALL
    SELECT $1::int, gen_random_uuid(), '{EventType.SUPPRESSION_ADDED}', now(),
           (evidence ->> 'message_id')::bigint, NULL, NULL,
           jsonb_build_object('suppression_uuid', uuid, 'email', email_key, 'reason', reason,
                              'scope', scope, 'source', source)
    FROM suppressed
), told AS ({TELL_FACTS}"""  # noqa: S608  # constants

# The states are `message_lifecycle.CLAIMABLE`; a test compares. `attempts` makes the statement safe
# to say twice, after a connection that broke while it was being committed. Who was erased while
# their mail was in hand is not named again: neither by the server's words nor by a suppression.
_RECORD = """
WITH mine AS (
    SELECT 1 FROM batches
    WHERE tenant_id = $1 AND campaign_id = $2 AND number = $3 AND fence = $4 AND state = 'leased'
    --and
    FOR UPDATE
), given AS (
    SELECT * FROM unnest($8::bigint[], $9::text[], $10::text[], $11::text[], $12::float8[],
                         $13::boolean[], $14::integer[], $15::integer[])
    AS given (id, state, reason, reply, retry_seconds, possibly_repeated, attempts, tries)
), recorded AS (
    UPDATE messages m
    SET state = given.state, reason = given.reason,
        reply = CASE WHEN m.email <> --erased THEN given.reply END,
        attempts = m.attempts + given.tries,
        sent_at = CASE WHEN given.state = 'sent' THEN now() END,
        bounced_at = CASE WHEN given.state = 'bounced' THEN now() END,
        next_attempt_at = now() + given.retry_seconds * interval '1 second',
        possibly_repeated = m.possibly_repeated OR given.possibly_repeated
    FROM given, mine
    WHERE m.tenant_id = $1 AND m.id = given.id AND m.state IN ('queued', 'deferred')
      AND m.attempts = given.attempts
    RETURNING m.state, given.possibly_repeated, m.id, m.contact_id, m.campaign_id, m.reason,
              m.reply, m.lane, m.created_at, m.email <> --erased AS is_named
), logged AS (
    INSERT INTO events (tenant_id, at, kind, message_id, campaign_id, contact_id, data)
    SELECT $1, now(), state, id, campaign_id, contact_id,
           CASE state WHEN 'sent' THEN '{}' ELSE jsonb_strip_nulls(
               jsonb_build_object('reason', reason, 'reply', reply)) END
    FROM recorded WHERE state IN (--final)
    RETURNING tenant_id, at, id, kind, message_id, campaign_id
), suppressed AS (
    INSERT INTO suppressions (tenant_id, uuid, email_key, reason, scope, source, evidence)
    SELECT $1, s.uuid, s.email_key, 'bounce', 'all', 'delivery',
           jsonb_build_object('message_id', given.id, 'reply', given.reply)
    FROM unnest($16::uuid[], $17::text[], $18::bigint[]) AS s (uuid, email_key, message_id)
    JOIN given ON given.id = s.message_id
    JOIN recorded ON recorded.id = s.message_id AND recorded.is_named
    ON CONFLICT DO NOTHING
    RETURNING uuid, email_key, reason, scope, source, evidence
), total AS (
    SELECT count(*) FILTER (WHERE state = 'sent') AS sent,
           count(*) FILTER (WHERE state = 'deferred') AS deferred,
           count(*) FILTER (WHERE state = 'bounced') AS bounced,
           count(*) FILTER (WHERE state = 'failed') AS failed,
           count(*) FILTER (WHERE state = 'skipped') AS skipped,
           count(*) FILTER (WHERE possibly_repeated) AS possibly_repeated,
           CASE WHEN $7::boolean THEN count(*) ELSE 0 END AS were_deferred
    FROM recorded
--single
--told
)
UPDATE batches b
SET in_flight = $5::bigint[], lease_until = now() + $6::float8 * interval '1 second',
    sent = b.sent + total.sent,
    deferred = b.deferred + total.deferred - total.were_deferred,
    bounced = b.bounced + total.bounced,
    failed = b.failed + total.failed,
    skipped = b.skipped + total.skipped,
    possibly_repeated = b.possibly_repeated + total.possibly_repeated
FROM total, mine
WHERE tenant_id = $1 AND campaign_id = $2 AND number = $3 AND fence = $4 AND b.state = 'leased'
RETURNING fence
""".replace("--final", _FINAL).replace("--erased", f"'{ERASED}'")

# Single mails have a log by tag, and give back to the month's quota one by one what is never sent.
_SINGLE = f"""), tagged AS ({TAG_LOGGED}), released AS (
    UPDATE quota_months q SET reserved = greatest(q.reserved - unsent.total, 0)
    FROM (
        SELECT date_trunc('month', created_at AT TIME ZONE 'UTC')::date AS month,
               count(*) AS total
        FROM recorded WHERE state IN ('failed', 'skipped') AND lane <> 0 GROUP BY 1
    ) unsent
    WHERE q.tenant_id = $1 AND q.month = unsent.month"""  # noqa: S608  # constants


def _forms(record: str) -> tuple[str, str]:
    """One that holds back where somebody listens, and one that tells them."""
    unheard = record.replace("--and", f"AND NOT EXISTS ({LISTENING})")
    return unheard, record.replace("--told", _TELL)


_RECORD_CAMPAIGN = _forms(_RECORD)
_RECORD_SINGLE = _forms(_RECORD.replace("--single", _SINGLE))


async def record(
    connection: Connection,
    lease: Lease,
    outcomes: Sequence[Outcome],
    *,
    in_flight: Sequence[int],
    lease_seconds: float,
) -> bool:
    """Commits a group of outcomes, who may be sent next, and the renewed lease, in one statement.

    The log has them from then on, and webhooks are told in it, too. Where nobody listens that costs
    one look at an index; where somebody does, the first statement holds back and the second does it
    all.

    False: the lease is lost, and nothing has changed. Saying the same twice is harmless.
    """
    suppressed = [(new_id(), o.suppress, o.message_id) for o in outcomes if o.suppress]
    values = (
        *lease.key,
        in_flight,
        lease_seconds,
        lease.is_retry,
        [outcome.message_id for outcome in outcomes],
        [outcome.state for outcome in outcomes],
        [outcome.reason for outcome in outcomes],
        [outcome.reply for outcome in outcomes],
        [outcome.retry_seconds for outcome in outcomes],
        [outcome.possibly_repeated for outcome in outcomes],
        [outcome.attempts for outcome in outcomes],
        [int(outcome.was_tried) for outcome in outcomes],
        *([row[column] for row in suppressed] for column in range(3)),
    )
    for statement in _RECORD_SINGLE if lease.is_single else _RECORD_CAMPAIGN:
        if await connection.fetchval(statement, *values) is not None:
            return True
    return False


def _waiting(lease: Lease) -> ColumnElement[bool]:
    """The batch's rows without an outcome."""
    if lease.message_ids is None:
        return and_(
            messages.c.tenant_id == lease.tenant_id,
            messages.c.campaign_id == lease.campaign_id,
            messages.c.id.between(lease.first_message_id, lease.last_message_id),
            messages.c.state == MessageState.QUEUED,
        )
    return and_(
        messages.c.tenant_id == lease.tenant_id,
        messages.c.id == func.any(list(lease.message_ids)),
        messages.c.state == MessageState.DEFERRED,
        messages.c.next_attempt_at.is_(None),
    )


def _its_contact() -> ColumnElement[Any]:
    return and_(
        contacts.c.tenant_id == messages.c.tenant_id, contacts.c.id == messages.c.contact_id
    )
