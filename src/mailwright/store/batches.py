"""Batches of campaigns: leased to workers, given back, closed. Single mails: single_batches.py.

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
    def is_single(self) -> bool:
        """Whether it is of single mails."""
        return self.campaign_id == 0

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
LEFT JOIN campaigns c ON c.tenant_id = b.tenant_id AND c.id = b.campaign_id
CROSS JOIN LATERAL (SELECT CASE  -- as in `messages.lane`: a project, 0 for the built-in inbox
    WHEN b.lane IS NOT NULL THEN b.lane
    WHEN c.sandbox THEN 0
    WHEN c.project_id IS NOT NULL THEN c.project_id
    ELSE (SELECT id FROM projects p WHERE p.tenant_id = $1 AND p.is_default)
END AS lane) way
WHERE b.state = 'leased' AND b.lease_until > now() AND b.tenant_id = $1
  AND way.lane = CASE WHEN $3::boolean THEN 0 ELSE $2::bigint END
"""


async def sharers(connection: Connection, lease: Lease) -> int:
    """How many workers use this lease's transport now, for whichever mails; itself included."""
    found = await connection.fetchval(_SHARERS, lease.tenant_id, lease.project_id, lease.sandbox)
    return max(1, found)


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
