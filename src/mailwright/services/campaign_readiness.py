"""Whether a stored campaign is ready: its row and its sender's, judged by domain/readiness.py."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain import readiness
from mailwright.domain.readiness import Facts
from mailwright.domain.template_version import VersionState
from mailwright.store import lists, senders, template_versions
from mailwright.store.rows import Row


async def missing(connection: AsyncConnection, campaign: Row) -> tuple[str, ...]:
    """The requirements of a send that a row of `campaigns` does not meet; empty: ready."""
    return readiness.missing(await _facts(connection, campaign))


async def missing_for_test(connection: AsyncConnection, campaign: Row) -> tuple[str, ...]:
    """The requirements of a test mail that a row of `campaigns` does not meet."""
    return readiness.missing_for_test(await _facts(connection, campaign))


def words(campaign: Row, missing: tuple[str, ...]) -> str:
    """What is missing, for people: a version that is not published is called by its name."""
    told = ", ".join(missing)
    if "content" in missing and campaign["template_version_id"] is not None:
        told += " (its template version is not published)"
    return told


def facts(campaign: Row, *, has_sender: bool, version: Row | None) -> Facts:
    """The facts in a row of `campaigns`. `has_sender`: its sender is enabled and confirmed.

    `version`: state and subject of the template version that it names. `list_state` in the row: an
    archived list is an audience no more.
    """
    has_body, subject = campaign["has_body"], campaign["subject"]
    if version is not None:
        has_body = version["state"] == VersionState.PUBLISHED
        subject = subject or version["subject"]
    return Facts(
        from_name=campaign["from_name"],
        has_sender=has_sender,
        subject=subject,
        has_body=has_body,
        has_audience=has_audience(campaign) and campaign.get("list_state") in (None, "active"),
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
    version = None
    if campaign["template_version_id"] is not None:
        version = await template_versions.by_id(
            connection, campaign["tenant_id"], campaign["template_version_id"]
        )
    if campaign["list_id"] is not None:
        found = await lists.by_id(connection, campaign["tenant_id"], campaign["list_id"])
        campaign = {**campaign, "list_state": found and found["state"]}
    return facts(campaign, has_sender=has_sender, version=version)
