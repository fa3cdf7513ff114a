"""Transports that refuse us: parked on their project, with the reason, until a time."""

from __future__ import annotations

from mailwright.store.database import Connection

# The wait equals the outage so far, so the tries come 1, 2, 4, 8, 16 and then every 30 seconds
# after its beginning. What nobody has tried for two minutes is over: the next refusal is a new one.
_PARK = """
UPDATE projects p
SET outage_since = began.at,
    outage_reason = $3,
    outage_retry_at = least(
        now() + least(30, greatest(1, extract(epoch FROM now() - began.at))) * interval '1 second',
        greatest(began.at + $4 * interval '1 second', now() + interval '1 second'))
FROM (
    SELECT CASE WHEN outage_retry_at > now() - interval '2 minutes' THEN outage_since
           ELSE now() END AS at
    FROM projects WHERE tenant_id = $1 AND id = $2
    FOR UPDATE
) began
WHERE p.tenant_id = $1 AND p.id = $2
RETURNING now() - p.outage_since >= $4 * interval '1 second'
"""


async def park(
    connection: Connection, tenant_id: int, project_id: int, reason: str, *, patience_seconds: float
) -> bool:
    """Nobody claims batches of the project for a while. True: it has lasted `patience_seconds`."""
    parked = await connection.fetchval(_PARK, tenant_id, project_id, reason, patience_seconds)
    return bool(parked)


_CLEAR = """
UPDATE projects SET outage_since = NULL, outage_reason = NULL, outage_retry_at = NULL
WHERE tenant_id = $1 AND id = $2 AND outage_since IS NOT NULL
"""


async def clear(connection: Connection, tenant_id: int, project_id: int) -> None:
    """The transport works, or is given a fresh chance."""
    await connection.execute(_CLEAR, tenant_id, project_id)


_SENDING_THROUGH = """
SELECT c.id FROM campaigns c
JOIN projects p ON p.tenant_id = c.tenant_id AND p.id = $2
WHERE c.tenant_id = $1 AND c.state = 'sending' AND NOT c.sandbox
  AND CASE WHEN c.project_id IS NULL THEN p.is_default ELSE c.project_id = p.id END
"""


async def sending_through(connection: Connection, tenant_id: int, project_id: int) -> list[int]:
    """The campaigns that wait for this transport."""
    return [row["id"] for row in await connection.fetch(_SENDING_THROUGH, tenant_id, project_id)]
