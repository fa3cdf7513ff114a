"""Recipients of single mails who become contacts."""

from __future__ import annotations

from uuid import UUID

from mailwright.store.database import Connection

# The address may have become a contact since it was looked up; then nothing about them changes.
_JOIN = """
WITH added AS (
    INSERT INTO contacts (tenant_id, uuid, email, email_key, consent_source, opted_in_at)
    VALUES ($1, $3, $4, $5, $6, now())
    ON CONFLICT (tenant_id, email_key) DO NOTHING
    RETURNING id
), noted AS (
    INSERT INTO consents (tenant_id, contact_id, consent, source, actor, door)
    SELECT $1, id, 'subscribed', $6, $7, $8 FROM added
), person AS (
    SELECT id FROM added
    UNION ALL SELECT id FROM contacts WHERE tenant_id = $1 AND email_key = $5
    LIMIT 1
), joined AS (
    INSERT INTO list_members (tenant_id, list_id, contact_id)
    SELECT $1, $2, id FROM person
    ON CONFLICT DO NOTHING
)
SELECT id FROM person
"""


async def join(
    connection: Connection,
    tenant_id: int,
    list_id: int,
    *,
    uuid: UUID,
    email: str,
    email_key: str,
    source: str,
    actor: str,
    door: str,
) -> int | None:
    """The contact of that address, on the list; made where there is none.

    None when another transaction made it this very moment.
    """
    return await connection.fetchval(
        _JOIN, tenant_id, list_id, uuid, email, email_key, source, actor, door
    )
