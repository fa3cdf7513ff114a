"""Dry runs of imports: what merging rows would come to, from what is there and was seen before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.import_rows import ImportedContact
from mailwright.store.database import driver_connection
from mailwright.store.tables import import_addresses

# The addresses seen are written down, because a repetition may come a million rows later.
_CHECK = """
WITH staged AS (
  SELECT * FROM unnest($3::text[], $4::text[])
  WITH ORDINALITY AS given (email_key, external_id, number)
), seen AS (
  INSERT INTO import_addresses (tenant_id, import_id, email_key, external_id)
  SELECT $1, $2, email_key, external_id FROM staged
  WHERE external_id IS NULL OR NOT EXISTS (
    SELECT FROM contacts c
    WHERE c.tenant_id = $1 AND c.external_id = staged.external_id
      AND c.email_key <> staged.email_key)
  ORDER BY number
  ON CONFLICT DO NOTHING
  RETURNING email_key
)
SELECT count(*) FILTER (WHERE seen.email_key IS NOT NULL AND c.id IS NULL) AS created,
       count(*) FILTER (WHERE seen.email_key IS NOT NULL AND c.id IS NOT NULL) AS updated,
       array_agg(number - 1) FILTER (WHERE seen.email_key IS NULL AND earlier.email_key IS NOT NULL)
         AS repeated,
       array_agg(number - 1) FILTER (WHERE seen.email_key IS NULL AND earlier.email_key IS NULL)
         AS conflicts
FROM staged
LEFT JOIN seen USING (email_key)
LEFT JOIN contacts c ON c.tenant_id = $1 AND c.email_key = staged.email_key
LEFT JOIN import_addresses earlier
  ON earlier.tenant_id = $1 AND earlier.import_id = $2 AND earlier.email_key = staged.email_key
"""


@dataclass(frozen=True, slots=True)
class Checked:
    """What would become of the rows. `repeated`, `conflicts`: indexes of rows to be rejected."""

    created: int
    updated: int
    repeated: Sequence[int]
    conflicts: Sequence[int]


async def check(
    connection: AsyncConnection, tenant_id: int, import_id: int, rows: Sequence[ImportedContact]
) -> Checked:
    """What merging would come to. Addresses differ within `rows`."""
    driver = await driver_connection(connection)
    found = await driver.fetchrow(
        _CHECK,
        tenant_id,
        import_id,
        [row.email_key for row in rows],
        [row.external_id for row in rows],
    )
    assert found is not None
    return Checked(
        found["created"], found["updated"], found["repeated"] or (), found["conflicts"] or ()
    )


async def forget(connection: AsyncConnection, tenant_id: int, import_id: int) -> None:
    """Removes what the dry run wrote down."""
    await connection.execute(
        delete(import_addresses).where(
            import_addresses.c.tenant_id == tenant_id, import_addresses.c.import_id == import_id
        )
    )
