"""Whether a stored campaign is ready: its row and its sender's, judged by domain/readiness.py."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain import readiness
from mailwright.domain.readiness import Facts
from mailwright.domain.template_version import VersionState
from mailwright.services.outgoing import SenderProblem, sender_problem
from mailwright.services.runtime import Runtime
from mailwright.store import lists, senders, template_versions
from mailwright.store.rows import Row


@dataclass(frozen=True, slots=True)
class Lack:
    """What a campaign lacks; false: nothing.

    `missing`: the words of domain/readiness.py; `told`: the same for people; `sender`: why the
    sender it has will not do.
    """

    missing: tuple[str, ...]
    told: str
    sender: SenderProblem | None

    def __bool__(self) -> bool:
        return bool(self.missing)

    @property
    def details(self) -> dict[str, Any]:
        """For the error that refuses it; `sender` has its own code, message, missing records."""
        found: dict[str, Any] = {"missing": list(self.missing)}
        if self.sender is not None:
            found["sender"] = {
                "code": self.sender.code,
                "message": self.sender.message,
                "missing": list(self.sender.missing),
            }
        return found


async def lack(
    runtime: Runtime, connection: AsyncConnection, campaign: Row, *, sandbox: bool
) -> Lack:
    """What a row of `campaigns` lacks to be sent. `sandbox`: it would go to the inbox."""
    return await _lack(runtime, connection, campaign, readiness.missing, sandbox=sandbox)


async def lack_for_test(
    runtime: Runtime, connection: AsyncConnection, campaign: Row, *, sandbox: bool
) -> Lack:
    """What a row of `campaigns` lacks for a test mail."""
    return await _lack(runtime, connection, campaign, readiness.missing_for_test, sandbox=sandbox)


async def _lack(
    runtime: Runtime,
    connection: AsyncConnection,
    campaign: Row,
    judge: Callable[[Facts], tuple[str, ...]],
    *,
    sandbox: bool,
) -> Lack:
    tenant_id = campaign["tenant_id"]
    sender = problem = version = None
    if campaign["sender_id"] is not None:
        sender = await senders.by_id(connection, tenant_id, campaign["sender_id"])
    if sender is not None:
        problem = await sender_problem(
            runtime, connection, sender, project_id=campaign["project_id"], sandbox=sandbox
        )
    if campaign["template_version_id"] is not None:
        version = await template_versions.by_id(
            connection, tenant_id, campaign["template_version_id"]
        )
    if campaign["list_id"] is not None:
        found = await lists.by_id(connection, tenant_id, campaign["list_id"])
        campaign = {**campaign, "list_state": found and found["state"]}
    has_sender = sender is not None and problem is None
    missing = judge(facts(campaign, has_sender=has_sender, version=version))
    return Lack(missing, _words(campaign, missing, problem), problem)


def _words(campaign: Row, missing: tuple[str, ...], problem: SenderProblem | None) -> str:
    """What is missing, for people: a version that is not published is called by its name."""
    told = ", ".join(missing)
    if "content" in missing and campaign["template_version_id"] is not None:
        told += " (its template version is not published)"
    if problem is not None:
        told += f". {problem.message.rstrip('.')}"
    return told


def facts(campaign: Row, *, has_sender: bool, version: Row | None) -> Facts:
    """The facts in a row of `campaigns`. `has_sender`: its sender may send.

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
