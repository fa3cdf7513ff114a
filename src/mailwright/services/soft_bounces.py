"""Leaving addresses alone to which nothing gets through: looked at whenever a mail failed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby

from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.email_address import email_key_of
from mailwright.domain.soft_bounces import Attempt, is_unreachable
from mailwright.services import suppressions
from mailwright.services.runtime import Runtime
from mailwright.store import soft_bounces as store


async def judge(runtime: Runtime, tenant_id: int, message_ids: Sequence[int]) -> int:
    """Suppresses the addresses of failed mails that are unreachable; how many that were."""
    if not message_ids:
        return 0
    async with runtime.database.transaction() as connection:
        return await judge_within(connection, tenant_id, message_ids, now=runtime.now())


async def judge_within(
    connection: AsyncConnection, tenant_id: int, message_ids: Sequence[int], *, now: datetime
) -> int:
    """The same in the caller's transaction."""
    found = await store.histories(connection, tenant_id, message_ids)
    suppressed = 0
    for asked_id, group in groupby(found, key=lambda row: row["asked_id"]):
        rows = list(group)
        history = [
            Attempt(row["state"], row["reason"], row["at"], was_read=row["was_read"])
            for row in rows
        ]
        if not is_unreachable(history):
            continue
        made = await suppressions.suppress(
            connection,
            tenant_id,
            email_key_of(rows[0]["email"]),
            reason="bounce",
            scope="all",
            source="failures in a row",
            now=now,
            evidence={"message_id": asked_id, "messages": [row["id"] for row in rows]},
        )
        suppressed += made is not None
    return suppressed
