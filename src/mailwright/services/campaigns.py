"""Campaigns: drafted, changed in steps, copied, deleted. Sending them is campaign_sending.py."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.campaign_lifecycle import CampaignState
from mailwright.domain.doors import RULES, require_deletable, require_editable
from mailwright.domain.ids import new_id
from mailwright.domain.webhook_event import EventType
from mailwright.errors import InvalidInput, NotFound
from mailwright.services import (
    audit,
    bodies,
    campaign_bodies,
    campaign_fields,
    campaign_transitions,
    campaign_words,
    webhook_events,
)
from mailwright.services.bodies import Body
from mailwright.services.caller import Caller
from mailwright.services.campaign_fields import NAME_LENGTH_MAX, CampaignChanges
from mailwright.services.campaign_views import CampaignRow, CampaignView, full_view, row_view
from mailwright.services.paging import Page, Paged
from mailwright.services.runtime import Runtime
from mailwright.store import campaign_bodies as body_store
from mailwright.store import campaigns as store
from mailwright.store import quotas, recipients, template_versions
from mailwright.store.campaigns import CampaignFilter
from mailwright.store.rows import Row

#: What a change of somebody's draft may wait for a transition that is under way.
EDIT_WAIT_SECONDS = 2.0

DEFAULT_LANGUAGE = "en"

#: What a copy takes over; the rest is its own life.
_COPIED = (
    "subject",
    "preheader",
    "from_name",
    "reply_to",
    "language",
    "sender_id",
    "project_id",
    "list_id",
    "segment_id",
    "audience_filter",
    "template_version_id",
    "require_locale_variant",
    "timezone",
    "track_opens",
    "track_clicks",
    "track_text_clicks",
    "link_parameters",
    "unsubscribe_footer",
    "max_delay_seconds",
    "has_body",
    "editable_via_api",
    "overwrite_required",
)


@dataclass(frozen=True, slots=True)
class Sort:
    """The order of a list: a word of `SORTS`, newest or last first when `descending`."""

    by: str = "created_at"
    descending: bool = True

    @classmethod
    def parse(cls, text: str) -> Sort:
        """Reads `name` or `-name`. Raises InvalidInput for a word nobody sorts by."""
        by = text.removeprefix("-")
        if by not in store.SORT_COLUMNS:
            words = ", ".join(store.SORT_COLUMNS)
            raise InvalidInput.field("sort", f"One of {words}, with - before it to turn it round.")
        return cls(by, text.startswith("-"))


async def create_campaign(
    runtime: Runtime, caller: Caller, fields: CampaignChanges
) -> CampaignView:
    """The new draft. Raises InvalidInput naming what is wrong, foreign uuids included."""
    caller.require("campaigns:write")
    strict = RULES[caller.door].strict_merge_tags
    values = campaign_fields.columns(fields, strict=strict)
    language = str(values.get("language", DEFAULT_LANGUAGE))
    body = await bodies.compile_change(fields, language=language, strict=strict)
    if body is None:
        bodies.refuse_design(fields)
    now = runtime.now()
    tenant_id = caller.tenant_id
    async with runtime.database.transaction() as connection:
        values |= await campaign_fields.reference_columns(connection, tenant_id, fields)
        values |= await campaign_fields.filter_columns(connection, tenant_id, fields)
        values |= {"uuid": new_id(), "created_at": now, "updated_at": now}
        campaign_id = await store.add(connection, tenant_id, values)
        if body is not None:
            await campaign_bodies.save_body(connection, tenant_id, campaign_id, body, now=now)
        await campaign_words.keep(connection, caller, campaign_id, now=now)
        await webhook_events.tell(
            connection, tenant_id, EventType.CAMPAIGN_CREATED, now, campaign_id=campaign_id
        )
        return full_view(runtime, await store.seen(connection, tenant_id, campaign_id))


async def get_campaign(runtime: Runtime, caller: Caller, campaign_uuid: UUID) -> CampaignView:
    """One campaign in full. Raises NotFound."""
    caller.require("campaigns:read")
    async with runtime.database.raw() as connection:
        row = await store.seen_by_uuid(connection, caller.tenant_id, campaign_uuid)
    if row is None:
        raise _unknown()
    return full_view(runtime, row)


async def body_sections(
    runtime: Runtime, caller: Caller, campaign_uuid: UUID, names: Collection[str]
) -> dict[str, object]:
    """Of `document`, `html`, `text`, `design_kind` and `design` those named, as stored.

    They are null while there is no body.
    """
    caller.require("campaigns:read")
    async with runtime.database.reading() as connection:
        campaign = await existing(connection, caller, campaign_uuid)
        body = await _body_of(connection, campaign) or {}
    found = {
        "document": body.get("document"),
        "html": body.get("html"),
        "text": body.get("plain_text"),
        "design_kind": body.get("design_kind"),
        "design": body.get("design"),
    }
    return {name: found[name] for name in found if name in names}


async def page_campaigns(
    runtime: Runtime,
    caller: Caller,
    page: Page,
    *,
    search: str | None = None,
    status: CampaignState | None = None,
    statuses: Collection[CampaignState] = (),
    archived: bool | None = False,
    sort: Sort | None = None,
) -> Paged[CampaignRow]:
    """Campaigns, condensed, newest first. `search`: part of the name.

    `statuses`: any of these, for doors with one word for several of them. `archived`: only those,
    or only the others; None: all.
    """
    sort = sort or Sort()
    states = statuses or ((status,) if status else ())
    wanted = CampaignFilter(search, states, sort.by, sort.descending, archived=archived)
    rows, total = await _found(runtime, caller, page, wanted, in_full=False)
    return Paged([row_view(row) for row in rows], total, page)


async def page_whole_campaigns(
    runtime: Runtime, caller: Caller, page: Page, wanted: CampaignFilter
) -> Paged[CampaignView]:
    """The same, each in full, for doors whose lists show more."""
    rows, total = await _found(runtime, caller, page, wanted, in_full=True)
    return Paged([full_view(runtime, row) for row in rows], total, page)


async def _found(
    runtime: Runtime, caller: Caller, page: Page, wanted: CampaignFilter, *, in_full: bool
) -> tuple[Sequence[Row], int]:
    caller.require("campaigns:read")
    limits = {"limit": page.per_page, "offset": page.offset}
    async with runtime.database.raw() as connection:
        return await store.page(connection, caller.tenant_id, wanted, **limits, in_full=in_full)


async def change_campaign(
    runtime: Runtime, caller: Caller, campaign_uuid: UUID, changes: CampaignChanges
) -> CampaignView:
    """The campaign with `changes` made, all of them or none.

    Holds the row, so that nothing slips into a campaign that was queued a moment ago. Raises
    NotFound, InvalidInput, Conflict CAMPAIGN_NOT_EDITABLE or CONTENT_OVERWRITE_REQUIRED.
    """
    caller.require("campaigns:write")
    strict = RULES[caller.door].strict_merge_tags
    values = campaign_fields.columns(changes, strict=strict)
    now = runtime.now()
    tenant_id = caller.tenant_id
    language = values.get("language") or await _language_of(runtime, caller, campaign_uuid)
    body = await bodies.compile_change(changes, language=str(language), strict=strict)
    async with runtime.database.transaction() as connection:
        row = await held(connection, caller, campaign_uuid)
        require_editable(caller.door, CampaignState(row["state"]), archived=row["archived"])
        values |= await campaign_fields.reference_columns(connection, tenant_id, changes)
        values |= await campaign_fields.filter_columns(connection, tenant_id, changes)
        if body is not None:
            overwrite = changes.get("overwrite", False)
            await campaign_bodies.require_overwrite(connection, row, body, overwrite=overwrite)
        elif values.get("language", row["language"]) != row["language"]:
            body = await _translated(connection, row, str(language))
        design = bodies.design_columns(changes) if body is None else {}
        if body is not None:
            await campaign_bodies.save_body(connection, tenant_id, row["id"], body, now=now)
        elif design:
            await campaign_bodies.save_design(connection, row, design)
        if values or design or body is not None:
            values |= {"updated_at": now, "last_edited_at": now}
            await store.change(connection, tenant_id, row["id"], values)
            await campaign_words.keep(connection, caller, row["id"], now=now)
            await tell_updated(connection, row, now, changes)
        return full_view(runtime, await store.seen(connection, tenant_id, row["id"]))


async def duplicate_campaign(runtime: Runtime, caller: Caller, campaign_uuid: UUID) -> CampaignView:
    """A new draft with the same content and audience, called `Copy of …`. Raises NotFound."""
    caller.require("campaigns:write")
    now = runtime.now()
    tenant_id = caller.tenant_id
    async with runtime.database.transaction() as connection:
        source = await existing(connection, caller, campaign_uuid)
        values = {name: source[name] for name in _COPIED}
        values["name"] = f"Copy of {source['name']}"[:NAME_LENGTH_MAX]
        values |= {"uuid": new_id(), "created_at": now, "updated_at": now}
        campaign_id = await store.add(connection, tenant_id, values)
        await body_store.copy(connection, tenant_id, source["id"], campaign_id)
        await campaign_words.keep(connection, caller, campaign_id, now=now)
        await webhook_events.tell(
            connection, tenant_id, EventType.CAMPAIGN_CREATED, now, campaign_id=campaign_id
        )
        return full_view(runtime, await store.seen(connection, tenant_id, campaign_id))


async def delete_campaign(runtime: Runtime, caller: Caller, campaign_uuid: UUID) -> None:
    """The campaign is gone; what the ledger tells of people stays, and nobody else is mailed.

    Raises NotFound, Conflict CAMPAIGN_NOT_DELETABLE.
    """
    caller.require("campaigns:write")
    async with runtime.database.transaction() as connection:
        row = await held(connection, caller, campaign_uuid)
        require_deletable(caller.door, CampaignState(row["state"]))
        await webhook_events.tell(
            connection,
            caller.tenant_id,
            EventType.CAMPAIGN_DELETED,
            runtime.now(),
            {"status": row["state"]},
            campaign_id=row["id"],
        )
        await quotas.release_unfinished(connection, caller.tenant_id, row["id"])
        await recipients.cancel_unfinished(connection, caller.tenant_id, row["id"])
        await store.remove(connection, caller.tenant_id, row["id"])
        about = {"name": row["name"], "status": row["state"]}
        await audit.record(connection, caller, "campaign.delete", f"campaign:{row['uuid']}", about)


async def tell_updated(
    connection: AsyncConnection, row: Row, now: datetime, changed: Iterable[str]
) -> None:
    """Tells that fields of a campaign were set, in the caller's transaction."""
    data = {"status": row["state"], "changed": sorted({*changed} - {"overwrite"})}
    await webhook_events.tell(
        connection,
        row["tenant_id"],
        EventType.CAMPAIGN_UPDATED,
        now,
        data,
        campaign_id=row["id"],
    )


async def id_of(connection: AsyncConnection, caller: Caller, campaign_uuid: UUID) -> int:
    """The id of one of the caller's campaigns. Raises NotFound."""
    found = await store.id_of(connection, caller.tenant_id, campaign_uuid)
    if found is None:
        raise _unknown()
    return found


async def existing(connection: AsyncConnection, caller: Caller, campaign_uuid: UUID) -> Row:
    """The row of one of the caller's campaigns. Raises NotFound."""
    campaign_id = await id_of(connection, caller, campaign_uuid)
    return cast("Row", await store.get(connection, caller.tenant_id, campaign_id))


async def held(connection: AsyncConnection, caller: Caller, campaign_uuid: UUID) -> Row:
    """The row, held against every other change until the transaction ends. Raises NotFound."""
    campaign_id = await id_of(connection, caller, campaign_uuid)
    return await campaign_transitions.take(
        connection, caller, campaign_id, wait_seconds=EDIT_WAIT_SECONDS
    )


async def _language_of(runtime: Runtime, caller: Caller, campaign_uuid: UUID) -> str:
    async with runtime.database.reading() as connection:
        return (await existing(connection, caller, campaign_uuid))["language"]


async def _body_of(connection: AsyncConnection, campaign: Row) -> Row | None:
    """Its own body, or the template version that it names."""
    tenant_id = campaign["tenant_id"]
    if campaign["template_version_id"] is None:
        return await body_store.get(connection, tenant_id, campaign["id"])
    return await template_versions.by_id(connection, tenant_id, campaign["template_version_id"])


async def _translated(connection: AsyncConnection, row: Row, language: str) -> Body | None:
    """The body anew: a page says which language it is in, and dates are told in it."""
    body = await body_store.get(connection, row["tenant_id"], row["id"])
    return await bodies.recompile(body, language=language) if body else None


def _unknown() -> NotFound:
    return NotFound("There is no such campaign.")
