"""Batches of the ledger: leased to workers, given back, closed.

A batch is `open`, `leased` until a time, or `done`. Each lease raises its fence, and every later
statement of the worker names the fence it got: a worker that overslept its lease changes nothing.
These statements are written by hand, for asyncpg: they run between mails.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.campaign_lifecycle import CampaignState
from mailwright.store.database import Connection
from mailwright.store.rows import Row, every
from mailwright.store.tables import batches
from mailwright.store.webhook_outbox import TELL_FACTS, TOLD

COUNTS = ("sent", "deferred", "bounced", "failed", "skipped", "canceled", "possibly_repeated")

#: States of a campaign whose batches leave, and those in which its retries go on.
SENDING = frozenset({CampaignState.SENDING.value})
RETRYING = SENDING | {CampaignState.SENT.value}


@dataclass(frozen=True, slots=True)
class Lease:
    """One worker's right to send one batch, as long as the batch carries this `fence`."""

    tenant_id: int
    campaign_id: int
    number: int
    fence: int
    first_message_id: int
    last_message_id: int
    message_ids: Sequence[int] | None  # a batch of retries names its rows
    in_flight: Sequence[int]  # what a dead predecessor may have sent
    message_count: int
    project_id: int
    sandbox: bool
    lane: str  # batches of one lane share a transport
    in_outage: bool

    @property
    def key(self) -> tuple[int, int, int, int]:
        """Tenant, campaign, number and fence: what every statement of the lease begins with."""
        return self.tenant_id, self.campaign_id, self.number, self.fence

    @property
    def sendable_states(self) -> frozenset[str]:
        """The campaign states in which its mails may leave."""
        return RETRYING if self.is_retry else SENDING

    @property
    def is_retry(self) -> bool:
        """Whether its rows were deferred before."""
        return self.message_ids is not None


# Which campaigns have unfinished batches is read from the index by skipping from one to the next:
# a handful of probes, however many batches wait. The subquery's ORDER BY keeps the planner from
# pulling it up, so that batches are looked at, and locked, in that order until one is found.
_CLAIM = """
WITH RECURSIVE waiting AS (
    (SELECT tenant_id, campaign_id FROM batches WHERE state <> 'done'
     ORDER BY tenant_id, campaign_id LIMIT 1)
  UNION ALL
    SELECT following.tenant_id, following.campaign_id FROM waiting CROSS JOIN LATERAL (
        SELECT b.tenant_id, b.campaign_id FROM batches b
        WHERE b.state <> 'done'
          AND (b.tenant_id, b.campaign_id) > (waiting.tenant_id, waiting.campaign_id)
        ORDER BY b.tenant_id, b.campaign_id LIMIT 1
    ) following
), sendable AS (
    SELECT * FROM (
        SELECT c.tenant_id, c.id AS campaign_id, c.state, c.sandbox, p.id AS project_id,
               p.outage_since IS NOT NULL AND NOT c.sandbox AS in_outage,
               c.tenant_id || '/' || CASE WHEN c.sandbox THEN 'inbox' ELSE p.id::text END AS lane
        FROM waiting w
        JOIN campaigns c ON c.tenant_id = w.tenant_id AND c.id = w.campaign_id
        JOIN projects p ON p.tenant_id = c.tenant_id
         AND CASE WHEN c.project_id IS NULL THEN p.is_default ELSE p.id = c.project_id END
        WHERE c.state IN ('sending', 'sent')
          AND (c.sandbox OR p.outage_retry_at IS NULL OR p.outage_retry_at <= now())
          AND NOT EXISTS (  -- a restored installation does not send until it is told to
              SELECT FROM installation i
              WHERE i.tenant_id = 0 AND i.name = 'sending_enabled' AND i.value = 'false')
    ) every_campaign
    WHERE lane <> ALL ($3::text[])
    ORDER BY campaign_id <= $4, campaign_id
), found AS (
    SELECT s.*, b.number FROM sendable s CROSS JOIN LATERAL (
        SELECT b.number FROM batches b
        WHERE b.tenant_id = s.tenant_id AND b.campaign_id = s.campaign_id
          AND b.state <> 'done' AND (b.state = 'open' OR b.lease_until < now())
          AND (s.state = 'sending' OR b.message_ids IS NOT NULL)
        ORDER BY b.number LIMIT 1
        FOR UPDATE SKIP LOCKED
    ) b LIMIT 1
)
UPDATE batches b
SET state = 'leased', worker = $1, lease_until = now() + $2 * interval '1 second',
    fence = b.fence + 1
FROM found f
WHERE b.tenant_id = f.tenant_id AND b.campaign_id = f.campaign_id AND b.number = f.number
RETURNING b.tenant_id, b.campaign_id, b.number, b.fence, b.first_message_id, b.last_message_id,
    b.message_ids, b.in_flight, b.message_count, f.project_id, f.sandbox, f.lane, f.in_outage
"""


async def claim(
    connection: Connection,
    *,
    worker: str,
    lease_seconds: float,
    busy_lanes: Sequence[str],
    after_campaign_id: int,
) -> Lease | None:
    """The oldest batch there is to send, leased to `worker`, or None.

    Campaigns take turns: the next one by id after `after_campaign_id`, then round again. Lanes in
    `busy_lanes` and projects whose transport is parked are left out.
    """
    row = await connection.fetchrow(
        _CLAIM, worker, lease_seconds, list(busy_lanes), after_campaign_id
    )
    return None if row is None else Lease(**dict(row))


_TAKE_OVER = """
WITH mine AS (
    SELECT 1 FROM batches
    WHERE tenant_id = $1 AND campaign_id = $2 AND number = $3 AND fence = $4 AND state = 'leased'
    FOR UPDATE
), flagged AS (
    UPDATE messages m SET possibly_repeated = true
    FROM mine
    WHERE m.tenant_id = $1 AND m.id = ANY ($5::bigint[]) AND m.state IN ('queued', 'deferred')
      AND NOT m.possibly_repeated
    RETURNING m.id
)
UPDATE batches
SET in_flight = '{}', possibly_repeated = possibly_repeated + (SELECT count(*) FROM flagged)
WHERE tenant_id = $1 AND campaign_id = $2 AND number = $3 AND fence = $4 AND state = 'leased'
RETURNING fence
"""


async def take_over(connection: Connection, lease: Lease) -> bool:
    """Marks what a dead predecessor may have sent as possibly repeated; False: the lease is lost.

    From then on the rows say it, whoever sends them, however often workers die.
    """
    return await connection.fetchval(_TAKE_OVER, *lease.key, list(lease.in_flight)) is not None


_GIVE_BACK = """
UPDATE batches SET state = 'open', worker = NULL, lease_until = NULL
WHERE tenant_id = $1 AND campaign_id = $2 AND number = $3 AND fence = $4 AND state = 'leased'
"""


async def give_back(connection: Connection, lease: Lease) -> None:
    """The batch is open again, at once. A lost lease changes nothing."""
    await connection.execute(_GIVE_BACK, *lease.key)


_CLOSE = """
UPDATE batches b
SET state = 'done', worker = NULL, lease_until = NULL, finished_at = now()
WHERE tenant_id = $1 AND campaign_id = $2 AND number = $3 AND fence = $4 AND state = 'leased'
  AND in_flight = '{}'
  AND CASE WHEN message_ids IS NULL
      THEN NOT EXISTS (
          SELECT FROM messages m
          WHERE m.tenant_id = b.tenant_id AND m.campaign_id = b.campaign_id
            AND m.id BETWEEN b.first_message_id AND b.last_message_id AND m.state = 'queued')
      ELSE NOT EXISTS (
          SELECT FROM messages m
          WHERE m.tenant_id = b.tenant_id AND m.id = ANY (b.message_ids)
            AND m.state = 'deferred' AND m.next_attempt_at IS NULL)
      END
RETURNING fence
"""


async def close(connection: Connection, lease: Lease) -> bool:
    """Whether the batch is done: every one of its rows has its outcome, and the lease held."""
    return await connection.fetchval(_CLOSE, *lease.key) is not None


_SHARERS = """
SELECT count(DISTINCT b.worker)
FROM batches b
JOIN campaigns c ON c.tenant_id = b.tenant_id AND c.id = b.campaign_id
WHERE b.state = 'leased' AND b.lease_until > now() AND b.tenant_id = $1 AND c.sandbox = $3
  AND (c.sandbox OR c.project_id = $2 OR c.project_id IS NULL AND EXISTS (
      SELECT FROM projects p WHERE p.tenant_id = $1 AND p.id = $2 AND p.is_default))
"""


async def sharers(connection: Connection, lease: Lease) -> int:
    """How many workers use this lease's transport now, itself included."""
    found = await connection.fetchval(_SHARERS, lease.tenant_id, lease.project_id, lease.sandbox)
    return max(1, found)


# Deferred rows become a batch that names them. Their `next_attempt_at` is cleared in the same
# breath, so a row waits on the ladder or in a batch, never in both.
_RETRY = """
WITH due AS ({due}),
taken AS (
    UPDATE messages m SET next_attempt_at = NULL
    FROM due WHERE m.tenant_id = due.tenant_id AND m.id = due.id
    RETURNING m.tenant_id, m.campaign_id, m.id
), grouped AS (
    SELECT tenant_id, campaign_id, min(id) AS first_id, max(id) AS last_id,
           array_agg(id ORDER BY id) AS ids, count(*) AS size
    FROM taken GROUP BY tenant_id, campaign_id
), numbered AS (
    UPDATE fan_outs f SET next_batch_number = f.next_batch_number + 1
    FROM grouped g WHERE f.tenant_id = g.tenant_id AND f.campaign_id = g.campaign_id
    RETURNING f.tenant_id, f.campaign_id, f.next_batch_number - 1 AS number
), added AS (
    INSERT INTO batches (tenant_id, campaign_id, number, first_message_id, last_message_id,
                         message_ids, message_count)
    SELECT tenant_id, campaign_id, number, first_id, last_id, ids, size
    FROM grouped JOIN numbered USING (tenant_id, campaign_id)
    RETURNING message_count
)
SELECT coalesce(sum(message_count), 0) FROM added
"""

_RETRY_DUE = _RETRY.format(
    due="""
    SELECT found.* FROM tenants t CROSS JOIN LATERAL (
        SELECT m.tenant_id, m.id FROM messages m
        JOIN fan_outs f ON f.tenant_id = m.tenant_id AND f.campaign_id = m.campaign_id
        JOIN campaigns c ON c.tenant_id = m.tenant_id AND c.id = m.campaign_id
         AND c.state IN ('sending', 'sent')
        WHERE m.tenant_id = t.id AND m.next_attempt_at <= now() AND m.state = 'deferred'
        ORDER BY m.next_attempt_at LIMIT $1 FOR UPDATE OF m SKIP LOCKED
    ) found"""
)

_RETRY_CAMPAIGN = _RETRY.format(
    due="""
        SELECT m.tenant_id, m.id FROM messages m
        JOIN fan_outs f ON f.tenant_id = m.tenant_id AND f.campaign_id = m.campaign_id
        WHERE m.tenant_id = $2 AND m.campaign_id = $3
          AND m.next_attempt_at IS NOT NULL AND m.state = 'deferred'
        LIMIT $1 FOR UPDATE OF m SKIP LOCKED"""
)


async def add_due_retries(connection: Connection, size: int) -> int:
    """How many deferred rows whose time has come are now in batches; `size` a tenant at most."""
    return await connection.fetchval(_RETRY_DUE, size)


async def add_retries_of(
    connection: Connection, tenant_id: int, campaign_id: int, size: int
) -> int:
    """The same for one campaign whatever the time, so that its retries can be ended."""
    return await connection.fetchval(_RETRY_CAMPAIGN, size, tenant_id, campaign_id)


# What a dead worker had in flight may have been delivered, so it cannot be called canceled.
_END = f"""
WITH ending AS (
    SELECT number, first_message_id, last_message_id, message_ids, in_flight FROM batches
    WHERE tenant_id = $1 AND campaign_id = $2 AND state <> 'done'
      AND (state = 'open' OR lease_until < now()) AND (message_ids IS NOT NULL OR NOT $6)
    ORDER BY number LIMIT $3 FOR UPDATE SKIP LOCKED
), rows AS (
    SELECT e.number, m.id, m.id = ANY (e.in_flight) AS is_unknown, false AS was_deferred
    FROM ending e JOIN messages m ON m.tenant_id = $1 AND m.campaign_id = $2
     AND m.id BETWEEN e.first_message_id AND e.last_message_id AND m.state = 'queued'
    WHERE e.message_ids IS NULL
  UNION ALL
    SELECT e.number, m.id, m.id = ANY (e.in_flight), true
    FROM ending e CROSS JOIN LATERAL unnest(e.message_ids) AS named (id)
    JOIN messages m ON m.tenant_id = $1 AND m.id = named.id
     AND m.state = 'deferred' AND m.next_attempt_at IS NULL
), ended AS (
    UPDATE messages m
    SET state = CASE WHEN is_unknown THEN 'failed' ELSE $4 END,
        reason = CASE WHEN is_unknown THEN 'outcome_unknown' ELSE $5 END
    FROM rows WHERE m.tenant_id = $1 AND m.id = rows.id
    RETURNING rows.number, m.state, rows.was_deferred, m.id, m.contact_id, m.campaign_id, m.reason
), facts AS MATERIALIZED (
    SELECT $1::int AS tenant_id, gen_random_uuid() AS event_uuid, told.type, now() AS at,
           ended.id AS message_id, ended.contact_id, ended.campaign_id,
           jsonb_build_object('reason', ended.reason) AS data
    FROM ended JOIN (VALUES {TOLD}) AS told (state, type) USING (state)
), told AS ({TELL_FACTS}), counted AS (
    SELECT number, count(*) FILTER (WHERE state = 'canceled') AS canceled,
           count(*) FILTER (WHERE state = 'failed') AS failed,
           count(*) FILTER (WHERE was_deferred) AS were_deferred
    FROM ended GROUP BY number
)
UPDATE batches b
SET state = 'done', finished_at = now(), worker = NULL, lease_until = NULL, in_flight = '{{}}',
    fence = b.fence + 1,
    canceled = b.canceled + coalesce(c.canceled, 0),
    failed = b.failed + coalesce(c.failed, 0),
    deferred = b.deferred - coalesce(c.were_deferred, 0)
FROM ending e LEFT JOIN counted c USING (number)
WHERE b.tenant_id = $1 AND b.campaign_id = $2 AND b.number = e.number
RETURNING b.number
"""  # noqa: S608  # constants


async def end(
    connection: Connection,
    tenant_id: int,
    campaign_id: int,
    *,
    limit: int,
    state: str,
    reason: str | None,
    retries_only: bool = False,
) -> int:
    """How many unfinished batches are now done, their unsent rows in `state` with `reason`.

    At most `limit`; batches in a worker's hands are left alone.
    """
    rows = await connection.fetch(_END, tenant_id, campaign_id, limit, state, reason, retries_only)
    return len(rows)


async def is_drained(connection: AsyncConnection, tenant_id: int, campaign_id: int) -> bool:
    """Whether no batch but retries is unfinished."""
    unfinished = select(
        select(batches.c.number)
        .where(_of(tenant_id, campaign_id), batches.c.state != "done")
        .where(batches.c.message_ids.is_(None))
        .exists()
    )
    return not await connection.scalar(unfinished)


async def has_unfinished(connection: AsyncConnection, tenant_id: int, campaign_id: int) -> bool:
    """Whether any batch is unfinished."""
    unfinished = (
        select(batches.c.number)
        .where(_of(tenant_id, campaign_id), batches.c.state != "done")
        .exists()
    )
    return bool(await connection.scalar(select(unfinished)))


async def counts(
    connection: AsyncConnection, tenant_id: int, campaign_ids: Sequence[int]
) -> dict[int, Row]:
    """The sums of `COUNTS` over the batches of each campaign: the progress, without the ledger.

    What is still queued is `fan_outs.queued_count` less all of them but `possibly_repeated`.
    """
    sums = (func.coalesce(func.sum(batches.c[name]), 0).label(name) for name in COUNTS)
    statement = (
        select(batches.c.campaign_id, *sums)
        .where(batches.c.tenant_id == tenant_id, batches.c.campaign_id.in_(campaign_ids))
        .group_by(batches.c.campaign_id)
    )
    return {row["campaign_id"]: row for row in await every(connection, statement)}


def _of(tenant_id: int, campaign_id: int) -> ColumnElement[bool]:
    return and_(batches.c.tenant_id == tenant_id, batches.c.campaign_id == campaign_id)
