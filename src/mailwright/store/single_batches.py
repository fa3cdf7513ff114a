"""Batches of single mails: made of whatever is due when a worker asks, gone when it is through.

A single mail that waits has `next_attempt_at`; one in a worker's hands has none and is named by a
leased batch of campaign 0, with fence and `in_flight` like every other batch, so that one recorder
(store/messages.py) serves both. Such a batch is leased once, by whoever made it, under a number
that never comes again: what its worker did not finish goes back to the ledger, and a worker that
slept through its lease finds its batch gone.
"""

from __future__ import annotations

from collections.abc import Sequence

from mailwright.store.batches import Lease
from mailwright.store.database import Connection
from mailwright.store.event_log import TAG_LOGGED
from mailwright.store.webhook_outbox import TELL_FACTS, TOLD

#: Stands in `batches` and tokens where a campaign's id would: no campaign has it.
NO_CAMPAIGN = 0
EXPIRED_MAX = 20  # batches rescued in one statement

# Lanes with mails are read from the index by skipping from one to the next. The subquery's ORDER BY
# keeps the planner from pulling it up, so that lanes are looked at one by one until one has a mail
# that is due and in nobody's hands. What was scheduled is `queued` now, and the log says so.
_CLAIM = f"""
WITH RECURSIVE waiting AS (
    (SELECT tenant_id, lane FROM messages WHERE next_attempt_at IS NOT NULL AND lane IS NOT NULL
     ORDER BY tenant_id, lane LIMIT 1)
  UNION ALL
    SELECT following.tenant_id, following.lane FROM waiting CROSS JOIN LATERAL (
        SELECT m.tenant_id, m.lane FROM messages m
        WHERE m.next_attempt_at IS NOT NULL AND m.lane IS NOT NULL
          AND (m.tenant_id, m.lane) > (waiting.tenant_id, waiting.lane)
        ORDER BY m.tenant_id, m.lane LIMIT 1
    ) following
), open AS (
    SELECT * FROM (
        SELECT w.tenant_id, w.lane AS lane_id, w.lane = 0 AS sandbox, p.id AS project_id,
               p.outage_since IS NOT NULL AND w.lane <> 0 AS in_outage,
               w.tenant_id || '/' || CASE w.lane WHEN 0 THEN 'inbox' ELSE w.lane::text END AS lane
        FROM waiting w
        JOIN projects p ON p.tenant_id = w.tenant_id
         AND CASE w.lane WHEN 0 THEN p.is_default ELSE p.id = w.lane END
        WHERE (w.lane = 0 OR p.outage_retry_at IS NULL OR p.outage_retry_at <= now())
          AND NOT EXISTS (  -- a restored installation does not send until it is told to
              SELECT FROM installation i
              WHERE i.tenant_id = 0 AND i.name = 'sending_enabled' AND i.value = 'false')
    ) every_lane
    WHERE lane <> ALL ($3::text[])
    ORDER BY (tenant_id, lane_id) <= ($4, $5), tenant_id, lane_id
), found AS (
    SELECT open.*, due.* FROM open CROSS JOIN LATERAL (
        SELECT array_agg(id ORDER BY next_attempt_at) AS ids, min(id) AS first_id,
               max(id) AS last_id, count(*) AS size
        FROM (
            SELECT m.id, m.next_attempt_at FROM messages m
            WHERE m.tenant_id = open.tenant_id AND m.lane = open.lane_id
              AND m.next_attempt_at <= now() AND m.state IN ('queued', 'deferred')
            ORDER BY m.next_attempt_at LIMIT $6
            FOR UPDATE SKIP LOCKED
        ) each
    ) due
    WHERE due.size > 0
    LIMIT 1
), taken AS (
    UPDATE messages m SET next_attempt_at = NULL
    FROM found f WHERE m.tenant_id = f.tenant_id AND m.id = ANY (f.ids)
    RETURNING m.tenant_id, m.id, m.contact_id, m.attempts
), logged AS (
    INSERT INTO events (tenant_id, at, kind, message_id, contact_id)
    SELECT t.tenant_id, now(), 'queued', t.id, t.contact_id
    FROM taken t JOIN emails e ON e.tenant_id = t.tenant_id AND e.message_id = t.id
    WHERE e.scheduled_at IS NOT NULL AND t.attempts = 0
    RETURNING tenant_id, at, id, kind, message_id, campaign_id
), tagged AS ({TAG_LOGGED}), leased AS (
    INSERT INTO batches (tenant_id, campaign_id, number, lane, first_message_id, last_message_id,
                         message_ids, message_count, state, fence, worker, lease_until)
    SELECT tenant_id, {NO_CAMPAIGN}, nextval(pg_get_serial_sequence('messages', 'id')), lane_id,
           first_id, last_id, ids, size, 'leased', 1, $1, now() + $2 * interval '1 second'
    FROM found
    RETURNING number, fence
)
SELECT f.tenant_id, {NO_CAMPAIGN}::bigint AS campaign_id, l.number, l.fence,
       f.first_id AS first_message_id, f.last_id AS last_message_id, f.ids AS message_ids,
       '{{}}'::bigint[] AS in_flight, f.size::int AS message_count, f.project_id, f.sandbox, f.lane,
       f.in_outage
FROM found f, leased l
"""  # noqa: S608  # constants


async def claim(
    connection: Connection,
    *,
    worker: str,
    lease_seconds: float,
    busy_lanes: Sequence[str],
    after: tuple[int, int],
    size: int,
) -> Lease | None:
    """Up to `size` mails of one lane that are due, the longest waiting first, or None.

    Lanes take turns: the next one after `after` (tenant, lane), then round again. Lanes in
    `busy_lanes` and projects whose transport is parked are left out.
    """
    row = await connection.fetchrow(_CLAIM, worker, lease_seconds, list(busy_lanes), *after, size)
    return None if row is None else Lease(**dict(row))


_RELEASE = """
WITH mine AS (
    DELETE FROM batches
    WHERE tenant_id = $1 AND campaign_id = $2 AND number = $3 AND fence = $4 AND state = 'leased'
      AND in_flight = '{}'
    RETURNING message_ids
)
UPDATE messages m SET next_attempt_at = now() + $5 * interval '1 second'
FROM mine
WHERE m.tenant_id = $1 AND m.id = ANY (mine.message_ids) AND m.state IN ('queued', 'deferred')
  AND m.next_attempt_at IS NULL
"""


async def release(connection: Connection, lease: Lease, *, wait_seconds: float = 0.0) -> None:
    """The worker is through: mails without an outcome wait again, for that long at least.

    A lost lease changes nothing; nor does one with mails in flight, which is for `rescue`.
    """
    await connection.execute(_RELEASE, *lease.key, wait_seconds)


# What was in flight may have arrived: a mail that must not come twice has failed, for nobody knows.
_RESCUE = f"""
WITH expired AS (
    DELETE FROM batches b
    USING (
        SELECT tenant_id, campaign_id, number FROM batches
        WHERE state = 'leased' AND campaign_id = {NO_CAMPAIGN} AND lease_until < now()
        LIMIT {EXPIRED_MAX} FOR UPDATE SKIP LOCKED
    ) e
    WHERE b.tenant_id = e.tenant_id AND b.campaign_id = e.campaign_id AND b.number = e.number
    RETURNING b.tenant_id, b.message_ids, b.in_flight
), held AS (
    SELECT x.tenant_id, named.id, named.id = ANY (x.in_flight) AS is_unknown,
           named.id = ANY (x.in_flight) AND e.at_most_once AS is_lost
    FROM expired x CROSS JOIN LATERAL unnest(x.message_ids) AS named (id)
    JOIN emails e ON e.tenant_id = x.tenant_id AND e.message_id = named.id
), rescued AS (
    UPDATE messages m
    SET state = CASE WHEN is_lost THEN 'failed' ELSE m.state END,
        reason = CASE WHEN is_lost THEN 'outcome_unknown' ELSE m.reason END,
        possibly_repeated = m.possibly_repeated OR (is_unknown AND NOT is_lost),
        next_attempt_at = CASE WHEN is_lost THEN NULL ELSE now() END
    FROM held h
    WHERE m.tenant_id = h.tenant_id AND m.id = h.id AND m.state IN ('queued', 'deferred')
      AND m.next_attempt_at IS NULL
    RETURNING m.tenant_id, m.id, m.contact_id, m.state, m.reason
), logged AS (
    INSERT INTO events (tenant_id, at, kind, message_id, contact_id, data)
    SELECT tenant_id, now(), state, id, contact_id, jsonb_build_object('reason', reason)
    FROM rescued WHERE state = 'failed'
    RETURNING tenant_id, at, id, kind, message_id, campaign_id
), tagged AS ({TAG_LOGGED}), facts AS MATERIALIZED (
    SELECT r.tenant_id, gen_random_uuid() AS event_uuid, told.type, now() AS at,
           r.id AS message_id, r.contact_id, NULL::bigint AS campaign_id,
           jsonb_build_object('reason', r.reason) AS data
    FROM rescued r JOIN (VALUES {TOLD}) AS told (state, type) USING (state)
), told AS ({TELL_FACTS})
SELECT count(*) FROM rescued
"""  # noqa: S608  # constants


async def rescue(connection: Connection) -> int:
    """How many mails were in batches whose lease is over; they wait again, or have failed.

    What may have left says `possibly_repeated`, however often workers die.
    """
    return await connection.fetchval(_RESCUE)
