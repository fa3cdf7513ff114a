"""Revisions of a campaign: what it said each time its words were saved, to read and to go back to.

How they are written down is campaign_words.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.campaign_lifecycle import CampaignState
from mailwright.domain.doors import require_editable
from mailwright.errors import NotFound
from mailwright.services import bodies, campaign_bodies, campaign_words, campaigns
from mailwright.services.caller import Caller
from mailwright.services.campaign_views import CampaignView, full_view
from mailwright.services.paging import Page, Paged
from mailwright.services.runtime import Runtime
from mailwright.store import campaign_revisions as store
from mailwright.store import campaigns as campaign_store
from mailwright.store.rows import Row


@dataclass(frozen=True, slots=True)
class RevisionRow:
    """A revision in a list. `number` counts from 1; `actor` saved it, through `door`."""

    number: int
    subject: str | None
    content_kind: str | None
    actor: str
    door: str
    saved_at: datetime


@dataclass(frozen=True, slots=True)
class RevisionView:
    """A revision with its words. `content`: the body's Markdown, where it has one."""

    number: int
    subject: str | None
    preheader: str | None
    content_kind: str | None
    content: str | None
    document: dict[str, Any] | None
    html: str | None
    text: str | None
    design_kind: str | None
    design: dict[str, Any] | None
    actor: str
    door: str
    saved_at: datetime


async def page_revisions(
    runtime: Runtime, caller: Caller, campaign_uuid: UUID, page: Page
) -> Paged[RevisionRow]:
    """The revisions, newest first. Raises NotFound."""
    caller.require("campaigns:read")
    async with runtime.database.reading() as connection:
        campaign_id = await campaigns.id_of(connection, caller, campaign_uuid)
        rows, total = await store.page(
            connection, caller.tenant_id, campaign_id, limit=page.per_page, offset=page.offset
        )
    return Paged([_row(row) for row in rows], total, page)


async def get_revision(
    runtime: Runtime, caller: Caller, campaign_uuid: UUID, number: int
) -> RevisionView:
    """One revision with its words. Raises NotFound."""
    caller.require("campaigns:read")
    async with runtime.database.reading() as connection:
        campaign_id = await campaigns.id_of(connection, caller, campaign_uuid)
        return _view(await _existing(connection, caller, campaign_id, number))


async def restore_revision(
    runtime: Runtime, caller: Caller, campaign_uuid: UUID, number: int
) -> CampaignView:
    """The campaign with the words of that revision, which are its newest revision from then on.

    Raises NotFound, Conflict CAMPAIGN_NOT_EDITABLE.
    """
    caller.require("campaigns:write")
    now, tenant_id = runtime.now(), caller.tenant_id
    async with runtime.database.transaction() as connection:
        row = await campaigns.held(connection, caller, campaign_uuid)
        require_editable(caller.door, CampaignState(row["state"]), archived=row["archived"])
        revision = await _existing(connection, caller, row["id"], number)
        body = bodies.stored(revision)
        await campaign_bodies.save_body(connection, tenant_id, row["id"], body, now=now)
        values: dict[str, object] = {name: revision[name] for name in campaign_words.LINES}
        values |= {"updated_at": now, "last_edited_at": now}
        if body.values is not None:
            values["template_version_id"] = None
        await campaign_store.change(connection, tenant_id, row["id"], values)
        await campaign_words.keep(connection, caller, row["id"], now=now)
        return full_view(runtime, await campaign_store.seen(connection, tenant_id, row["id"]))


async def _existing(
    connection: AsyncConnection, caller: Caller, campaign_id: int, number: int
) -> Row:
    row = await store.get(connection, caller.tenant_id, campaign_id, number)
    if row is None:
        raise NotFound("There is no such revision of the campaign.")
    return row


def _row(row: Row) -> RevisionRow:
    return RevisionRow(
        number=row["number"],
        subject=row["subject"],
        content_kind=row["kind"],
        actor=row["actor"],
        door=row["door"],
        saved_at=row["saved_at"],
    )


def _view(row: Row) -> RevisionView:
    return RevisionView(
        number=row["number"],
        subject=row["subject"],
        preheader=row["preheader"],
        content_kind=row["kind"],
        content=row["markdown"],
        document=row["document"],
        html=row["html"],
        text=row["plain_text"],
        design_kind=row["design_kind"],
        design=row["design"],
        actor=row["actor"],
        door=row["door"],
        saved_at=row["saved_at"],
    )
