"""How the latest mails to an address ended."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.store.rows import Row, every

HISTORY_MAX = 20  # mails looked back

_HISTORIES = text("""
SELECT asked.id AS asked_id, asked.email, m.id, m.state, m.reason, m.was_read, m.at
FROM messages asked CROSS JOIN LATERAL (
    SELECT id, state, reason, coalesce(bounced_at, sent_at, created_at) AS at,
           opened_at IS NOT NULL OR clicked_at IS NOT NULL AS was_read
    FROM messages
    WHERE tenant_id = asked.tenant_id AND contact_id = asked.contact_id
      AND email = asked.email AND state IN ('sent', 'bounced', 'failed')
    ORDER BY id DESC LIMIT :history
) m
WHERE asked.tenant_id = :tenant_id AND asked.id = ANY (:message_ids)
ORDER BY asked.id, m.id DESC
""")


async def histories(
    connection: AsyncConnection, tenant_id: int, message_ids: Sequence[int]
) -> Sequence[Row]:
    """The mails to the contacts of these rows, at the same address, the newest first.

    `asked_id`: the row asked about. One without a contact has no history.
    """
    values = {"tenant_id": tenant_id, "message_ids": list(message_ids), "history": HISTORY_MAX}
    return await every(connection, _HISTORIES.bindparams(**values))
