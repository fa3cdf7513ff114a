"""Deferred rows of campaigns, put into batches of their own when their time has come."""

from __future__ import annotations

from mailwright.store.database import Connection

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
        WHERE m.tenant_id = t.id AND m.lane IS NULL
          AND m.next_attempt_at <= now() AND m.state = 'deferred'
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


async def add_due(connection: Connection, size: int) -> int:
    """How many deferred rows whose time has come are now in batches; `size` a tenant at most."""
    return await connection.fetchval(_RETRY_DUE, size)


async def add_all_of(connection: Connection, tenant_id: int, campaign_id: int, size: int) -> int:
    """The same for one campaign whatever the time, so that its retries can be ended."""
    return await connection.fetchval(_RETRY_CAMPAIGN, size, tenant_id, campaign_id)
