"""Batches that are not sent to their end: what was canceled, or given up."""

from __future__ import annotations

from mailwright.store.database import Connection
from mailwright.store.webhook_outbox import TELL_FACTS, TOLD

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
