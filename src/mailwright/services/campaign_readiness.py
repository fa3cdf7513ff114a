"""Whether a stored campaign is ready: its row and its sender's, judged by domain/readiness.py."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain import readiness
from mailwright.domain.readiness import Facts
from mailwright.store import senders
from mailwright.store.rows import Row


async def missing(connection: AsyncConnection, campaign: Row) -> tuple[str, ...]:
    """The requirements of a send that a row of `campaigns` does not meet; empty: ready."""
    return readiness.missing(await _facts(connection, campaign))


async def missing_for_test(connection: AsyncConnection, campaign: Row) -> tuple[str, ...]:
    """The requirements of a test mail that a row of `campaigns` does not meet."""
    return readiness.missing_for_test(await _facts(connection, campaign))


def facts(campaign: Row, *, has_sender: bool) -> Facts:
    """The facts in a row of `campaigns`. `has_sender`: its sender is enabled and confirmed."""
    return Facts(
        from_name=campaign["from_name"],
        has_sender=has_sender,
        subject=campaign["subject"],
        has_body=campaign["has_body"],
        has_audience=has_audience(campaign),
    )


def has_audience(campaign: Row) -> bool:
    """Whether a row of `campaigns` names anybody."""
    parts = ("list_id", "segment_id", "audience_filter")
    return any(campaign[part] is not None for part in parts)


async def _facts(connection: AsyncConnection, campaign: Row) -> Facts:
    sender = None
    if campaign["sender_id"] is not None:
        sender = await senders.by_id(connection, campaign["tenant_id"], campaign["sender_id"])
    has_sender = sender is not None and sender["enabled"] and sender["confirmed_at"] is not None
    return facts(campaign, has_sender=has_sender)
