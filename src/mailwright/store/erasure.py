"""Where a person is named, and how each place forgets them.

Places in rows of their own are deleted; rows that others count on (ledger, events, single mails)
lose what names the person. A table that is to hold an address belongs in here, too: a test erases
somebody who was everywhere and looks for the address in every column of the database.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.store.rows import Row, every


@dataclass(frozen=True, slots=True)
class Person:
    """Who is erased: the address as they wrote it and as it is compared, and their contact."""

    email: str
    email_key: str
    contact_id: int | None
    contact_uuid: UUID | None

    @property
    def words(self) -> list[str]:
        """What names them in texts, in lower case."""
        uuid = [str(self.contact_uuid)] if self.contact_uuid is not None else []
        return sorted({self.email.lower(), self.email_key.lower(), *uuid})


_IDS, _WORDS = "CAST(:ids AS bigint[])", "CAST(:words AS text[])"

# The last part reads the whole ledger of the tenant: their contact may have been deleted before.
_MESSAGES = """
SELECT id FROM messages WHERE tenant_id = :tenant_id AND contact_id = CAST(:contact_id AS bigint)
UNION SELECT message_id FROM emails WHERE tenant_id = :tenant_id AND email_key = :key
UNION SELECT id FROM messages WHERE tenant_id = :tenant_id AND lower(email) = ANY(--words)
""".replace("--words", _WORDS)

_WAITING = """
SELECT m.id, m.lane, m.created_at
FROM emails e JOIN messages m ON m.tenant_id = e.tenant_id AND m.id = e.message_id
WHERE e.tenant_id = :tenant_id AND e.email_key = :key AND m.next_attempt_at IS NOT NULL
ORDER BY m.id
"""

# `:words`: what names the person in texts of all kinds, in lower case. Contents that others share
# say nothing about anybody; one that is theirs alone may, and is emptied.
_PLACES = (
    """
    UPDATE email_contents c
    SET digest = sha256(convert_to('erased ' || c.id, 'UTF8')), subject = 'erased',
        preheader = NULL, html = NULL, plain_text = '', fallbacks = '{}'
    WHERE c.tenant_id = :tenant_id AND c.id IN (
        SELECT content_id FROM emails WHERE tenant_id = :tenant_id AND message_id = ANY(--ids))
      AND NOT EXISTS (
        SELECT FROM emails e WHERE e.tenant_id = :tenant_id AND e.content_id = c.id
        AND e.message_id <> ALL(--ids))
    """,
    """
    UPDATE emails SET email_key = 'erased', to_name = NULL, data = '{}', headers = '[]',
                      metadata = '{}', attachment_count = 0
    WHERE tenant_id = :tenant_id AND message_id = ANY(--ids)
    """,
    "DELETE FROM email_attachments WHERE tenant_id = :tenant_id AND message_id = ANY(--ids)",
    """
    UPDATE messages SET email = 'erased', reply = NULL
    WHERE tenant_id = :tenant_id AND id = ANY(--ids)
    """,
    "UPDATE events SET data = '{}' WHERE tenant_id = :tenant_id AND message_id = ANY(--ids)",
    """
    DELETE FROM captured_mails WHERE tenant_id = :tenant_id AND (
        message_id = ANY(--ids)
        OR EXISTS (SELECT FROM unnest(recipients) AS who WHERE lower(who) = ANY(--words)))
    """,
    "DELETE FROM confirmations WHERE tenant_id = :tenant_id AND email_key = :key",
    "DELETE FROM import_addresses WHERE tenant_id = :tenant_id AND email_key = :key",
    "DELETE FROM suppressions WHERE tenant_id = :tenant_id AND email_key = :key",
    """
    DELETE FROM webhook_deliveries d WHERE tenant_id = :tenant_id
      AND EXISTS (SELECT FROM unnest(--words) AS word
                  WHERE position(word IN lower(concat(d.payload, d.response, d.error))) > 0)
    """,
    """
    DELETE FROM idempotency_keys k WHERE tenant_id = :tenant_id
      AND EXISTS (SELECT FROM unnest(--words) AS word
                  WHERE position(word IN lower(encode(k.response_body, 'escape'))) > 0)
    """,
    """
    WITH naming AS (
        SELECT DISTINCT p.export_id FROM export_pieces p
        WHERE p.tenant_id = :tenant_id
          AND EXISTS (SELECT FROM unnest(--words) AS word
                      WHERE position(word IN lower(encode(p.data, 'escape'))) > 0)
    ), emptied AS (
        DELETE FROM export_pieces p USING naming
        WHERE p.tenant_id = :tenant_id AND p.export_id = naming.export_id
    )
    UPDATE exports e SET state = 'deleted' FROM naming
    WHERE e.tenant_id = :tenant_id AND e.id = naming.export_id
    """,
)


async def messages_of(connection: AsyncConnection, tenant_id: int, person: Person) -> Sequence[int]:
    """The ids of every mail to the person, in the ledger of the tenant."""
    values = _values(tenant_id, person) | {"contact_id": person.contact_id}
    return sorted((await connection.execute(text(_MESSAGES), values)).scalars())


async def waiting_of(connection: AsyncConnection, tenant_id: int, person: Person) -> Sequence[Row]:
    """`id`, `lane` and `created_at` of the single mails to the person that wait."""
    statement = text(_WAITING).bindparams(tenant_id=tenant_id, key=person.email_key)
    return await every(connection, statement)


async def scrub(
    connection: AsyncConnection, tenant_id: int, person: Person, message_ids: Sequence[int]
) -> None:
    """Every place forgets the person and what was in those mails."""
    values = _values(tenant_id, person) | {"ids": list(message_ids)}
    for place in _PLACES:
        statement = place.replace("--ids", _IDS).replace("--words", _WORDS)
        await connection.execute(text(statement), values)


_ERROR_FILES = """
SELECT id, error_file FROM imports WHERE tenant_id = :tenant_id AND error_file IS NOT NULL
"""


async def error_files(connection: AsyncConnection, tenant_id: int) -> Sequence[Row]:
    """`id` of each import of the tenant that rejected rows, and the `error_file` it left."""
    return await every(connection, text(_ERROR_FILES).bindparams(tenant_id=tenant_id))


def _values(tenant_id: int, person: Person) -> dict[str, object]:
    return {"tenant_id": tenant_id, "key": person.email_key, "words": person.words}
