"""Taking back what an import did, as far as nobody has built on it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.store.database import driver_connection
from mailwright.store.webhook_bulk import UNDONE

# A contact that the import made and nobody changed has two equal times: both are the beginning of
# the transaction that made it. Whom we have mailed stays, or the ledger would speak of nobody.
_UNDO = """
WITH page AS (
  SELECT id FROM contacts WHERE tenant_id = $1 AND id > $4 ORDER BY id LIMIT $5
), left_list AS (
  DELETE FROM list_members m USING page
  WHERE m.tenant_id = $1 AND m.list_id = $3 AND m.contact_id = page.id
    AND m.import_id = $2 AND m.state = 'subscribed'
  RETURNING m.contact_id
), gone AS (
  DELETE FROM contacts c USING page
  WHERE c.tenant_id = $1 AND c.id = page.id AND c.import_id = $2
    AND c.created_at = c.updated_at AND c.consent = 'subscribed'
    AND NOT EXISTS (SELECT FROM messages e WHERE e.tenant_id = $1 AND e.contact_id = c.id)
    AND NOT EXISTS (
      SELECT FROM list_members o WHERE o.tenant_id = $1 AND o.contact_id = c.id
        AND (o.import_id IS DISTINCT FROM $2 OR o.state <> 'subscribed'))
  RETURNING c.id, c.uuid, c.email
)
--told
SELECT (SELECT max(id) FROM page) AS last_id,
       (SELECT count(*) FROM left_list) AS memberships,
       (SELECT count(*) FROM gone) AS contacts
"""


@dataclass(frozen=True, slots=True)
class Undone:
    """What one step removed. `last_id`: where the next begins; None: there is no more."""

    last_id: int | None
    memberships: int
    contacts: int


async def undo_page(
    connection: AsyncConnection,
    tenant_id: int,
    import_id: int,
    list_id: int | None,
    *,
    after_id: int,
    limit: int,
    told_at: datetime | None = None,
) -> Undone:
    """Undoes what the import did to the next `limit` contacts after `after_id`.

    `told_at`: to whoever listens, as of that time.
    """
    driver = await driver_connection(connection)
    values: list[object] = [tenant_id, import_id, list_id, after_id, limit]
    if told_at is None:
        found = await driver.fetchrow(_UNDO, *values)
    else:
        found = await driver.fetchrow(_UNDO.replace("--told", UNDONE), *values, told_at)
    assert found is not None
    return Undone(found["last_id"], found["memberships"], found["contacts"])
