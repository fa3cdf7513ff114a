"""`/campaigns`: drafted, read, changed, deleted, looked at. Only drafts are changed or deleted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from mailwright.dialects.cakemail.campaign_fields import CampaignCreate, CampaignPatch
from mailwright.dialects.cakemail.campaign_shapes import (
    CampaignShape,
    CampaignSummary,
    LinkInfo,
    LinkShape,
    Numbers,
    RevisionShape,
    summary,
    whole,
)
from mailwright.dialects.cakemail.campaign_words import FILTERS, SORTS, TYPES, Standing, standing
from mailwright.dialects.cakemail.dependencies import CallerOf, RuntimeOf
from mailwright.dialects.cakemail.fields import NUMBER_MAX, NumberInPath
from mailwright.dialects.cakemail.paging import (
    AskedOf,
    FilterOf,
    Sort,
    SortOf,
    read_filter,
    read_sort,
)
from mailwright.dialects.cakemail.shapes import (
    Changed,
    Data,
    DataPage,
    Done,
    Made,
    answer,
    changed,
    created,
    did,
    many,
    one,
)
from mailwright.errors import InvalidInput, NotFound
from mailwright.services import campaign_previews, campaign_revisions, reports
from mailwright.services import campaigns as service
from mailwright.services import lists as list_service
from mailwright.services.caller import Caller
from mailwright.services.campaign_views import CampaignView
from mailwright.services.campaigns import CampaignFilter
from mailwright.services.numbers import numbers_of, uuid_of
from mailwright.services.runtime import Runtime

router = APIRouter(tags=["campaigns"])

_SECTIONS = ("html", "text", "design", "design_kind")

StatusOf = Annotated[str | None, Query(description="draft, scheduled, delivering, delivered, …")]
RevisionOf = Annotated[int | None, Query(ge=1, le=2**31 - 1)]
ContactOf = Annotated[int | None, Query(ge=1, le=NUMBER_MAX)]


@router.post("/campaigns", status_code=201, responses={201: {"model": Made[CampaignShape]}})
async def create(runtime: RuntimeOf, caller: CallerOf, body: CampaignCreate) -> Response:
    """Create a campaign. It is a draft; a name is enough."""
    changes = await body.changes(runtime, caller)
    view = await service.create_campaign(runtime, caller, changes)
    return created("campaign", await shape(runtime, caller, view))


@router.get("/campaigns", responses={200: {"model": DataPage[CampaignSummary]}})
async def page(
    runtime: RuntimeOf,
    caller: CallerOf,
    asked: AskedOf,
    status: StatusOf = None,
    filter_: FilterOf = None,
    sort: SortOf = None,
) -> Response:
    """Show all campaigns, the newest first; archived ones only where they are asked for."""
    wanted = read_filter(filter_, FILTERS)
    order = read_sort(sort, SORTS, Sort("created_at", descending=True))
    stands = [standing(status, "status")] if status else []
    if "status" in wanted:
        stands.append(standing(wanted["status"], "filter"))
    if wanted.get("type", "standard") not in TYPES:
        raise InvalidInput.field("filter", f"type is one of {', '.join(TYPES)}.")
    states, archived = _both(stands)
    list_uuid = await _list_of(runtime, caller, wanted)
    is_nothing = (stands and not states) or wanted.get("type", "standard") != "standard"
    if is_nothing or ("list_id" in wanted and list_uuid is None):
        return many([], asked, 0)
    found = await service.page_whole_campaigns(
        runtime,
        caller,
        asked.page,
        CampaignFilter(
            states=states,
            sort=order.by,
            descending=order.descending,
            archived=archived,
            name=wanted.get("name"),
            list_uuid=list_uuid,
        ),
    )
    numbers = await numbers_of_all(runtime, caller, found.items)
    return many([summary(view, numbers) for view in found.items], asked, found.total)


@router.get("/campaigns/{campaign_id}", responses={200: {"model": Data[CampaignShape]}})
async def get(
    runtime: RuntimeOf,
    caller: CallerOf,
    campaign_id: NumberInPath,
    revision_id: RevisionOf = None,
) -> Response:
    """Show a campaign; with `revision_id`, with the words it had then."""
    uuid = await uuid_of(runtime, caller, "campaign", campaign_id)
    view = await service.get_campaign(runtime, caller, uuid)
    return one(await shape(runtime, caller, view, revision_id), object="campaign")


@router.patch("/campaigns/{campaign_id}", responses={200: {"model": Changed[CampaignShape]}})
async def change(
    runtime: RuntimeOf, caller: CallerOf, campaign_id: NumberInPath, body: CampaignPatch
) -> Response:
    """Update a campaign while it is a draft: all of it or nothing."""
    uuid = await uuid_of(runtime, caller, "campaign", campaign_id)
    changes = await body.changes(runtime, caller)
    view = await service.change_campaign(runtime, caller, uuid, changes)
    return changed("campaign", await shape(runtime, caller, view))


@router.delete("/campaigns/{campaign_id}", responses={200: {"model": Done}})
async def delete(runtime: RuntimeOf, caller: CallerOf, campaign_id: NumberInPath) -> Response:
    """Delete a draft. Whatever was sent is archived instead."""
    uuid = await uuid_of(runtime, caller, "campaign", campaign_id)
    await service.delete_campaign(runtime, caller, uuid)
    return did("campaign", campaign_id, "deleted")


@router.get("/campaigns/{campaign_id}/render")
async def render(
    runtime: RuntimeOf, caller: CallerOf, campaign_id: NumberInPath, contact_id: ContactOf = None
) -> Response:
    """Render a campaign as it will look, for one contact or a sample person. Nothing is sent."""
    uuid = await uuid_of(runtime, caller, "campaign", campaign_id)
    contact = await _contact_of(runtime, caller, contact_id)
    seen = await campaign_previews.render_campaign(
        runtime, caller, uuid, contact_uuid=contact, sanitize=False
    )
    said = {"html": seen.html or "", "text": seen.text or "", "subject": seen.subject or ""}
    return answer({**said, "id": campaign_id, "campaign_id": campaign_id, "data": said})


@router.get(
    "/campaigns/{campaign_id}/revisions", responses={200: {"model": DataPage[RevisionShape]}}
)
async def revisions(
    runtime: RuntimeOf, caller: CallerOf, campaign_id: NumberInPath, asked: AskedOf
) -> Response:
    """Show all campaign revisions, the newest first."""
    uuid = await uuid_of(runtime, caller, "campaign", campaign_id)
    found = await campaign_revisions.page_revisions(runtime, caller, uuid, asked.page)
    shapes = [
        RevisionShape(
            id=row.number, date=row.saved_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        )
        for row in found.items
    ]
    return many(shapes, asked, found.total)


@router.get("/campaigns/{campaign_id}/links", responses={200: {"model": DataPage[LinkShape]}})
async def links(
    runtime: RuntimeOf, caller: CallerOf, campaign_id: NumberInPath, asked: AskedOf
) -> Response:
    """Show a campaign's links in the order of its mails; none before it is sent."""
    uuid = await uuid_of(runtime, caller, "campaign", campaign_id)
    found = await reports.page_link_clicks(
        runtime, caller, uuid, asked.page, sort="number", descending=False
    )
    numbers = await numbers_of(runtime, caller, "link", [link.uuid for link in found.items])
    shapes = [
        LinkShape(
            id=numbers[link.uuid],
            link_to=link.url,
            clicks=link.clicks,
            unique_clicks=link.unique_clicks,
        )
        for link in found.items
    ]
    return many(shapes, asked, found.total)


@router.get("/links/{link_id}", responses={200: {"model": Data[LinkInfo]}})
async def link(runtime: RuntimeOf, caller: CallerOf, link_id: NumberInPath) -> Response:
    """Show a link information: which campaign's mails have it."""
    uuid = await uuid_of(runtime, caller, "link", link_id)
    campaign = await reports.campaign_of_link(runtime, caller, uuid)
    numbers = await numbers_of(runtime, caller, "campaign", [campaign])
    return one(LinkInfo(mailing_id=numbers[campaign]))


async def shape(
    runtime: Runtime, caller: Caller, view: CampaignView, revision_id: int | None = None
) -> CampaignShape:
    """A campaign in full, with the body that it has or had."""
    numbers = await numbers_of_all(runtime, caller, [view])
    body = await service.body_sections(runtime, caller, view.uuid, _SECTIONS)
    revision = None
    if revision_id is not None:
        key = (runtime, caller, view.uuid, revision_id)
        revision = await campaign_revisions.get_revision(*key)
    name = await _list_name(runtime, caller, view.audience.list_uuid)
    return whole(view, numbers, body, list_name=name, revision=revision)


async def _list_name(runtime: Runtime, caller: Caller, list_uuid: UUID | None) -> str | None:
    """What the list is called; None where it was deleted since, or is not for the caller to see."""
    if list_uuid is None or not caller.may("lists:read"):
        return None
    try:
        return (await list_service.get_list(runtime, caller, list_uuid)).name
    except NotFound:
        return None


async def numbers_of_all(
    runtime: Runtime, caller: Caller, views: Sequence[CampaignView]
) -> Numbers:
    """The numbers of campaigns and of all that they name."""
    key = runtime, caller
    lists = {view.audience.list_uuid for view in views} - {None}
    segments = {view.audience.segment_uuid for view in views} - {None}
    senders = {view.from_identity for view in views} - {None}
    return Numbers(
        campaigns=await numbers_of(*key, "campaign", [view.uuid for view in views]),
        lists=await numbers_of(*key, "list", [uuid for uuid in lists if uuid]),
        segments=await numbers_of(*key, "segment", [uuid for uuid in segments if uuid]),
        senders=await numbers_of(*key, "sender", [uuid for uuid in senders if uuid]),
    )


def _both(stands: Sequence[Standing]) -> tuple[tuple[str, ...], bool]:
    """The states that every word asks for; whether of archived campaigns."""
    if not stands:
        return (), False
    archived = {stand.archived for stand in stands}
    if len(archived) > 1:
        return (), False
    common = [state for state in stands[0].states if all(state in s.states for s in stands)]
    return tuple(map(str, common)), archived.pop()


async def _list_of(runtime: Runtime, caller: Caller, wanted: dict[str, str]) -> UUID | None:
    text = wanted.get("list_id")
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise InvalidInput.field("filter", "list_id is a number.")
    try:
        return await uuid_of(runtime, caller, "list", int(text))
    except NotFound:
        return None


async def _contact_of(runtime: Runtime, caller: Caller, number: int | None) -> UUID | None:
    if number is None:
        return None
    try:
        return await uuid_of(runtime, caller, "contact", number)
    except NotFound:
        raise InvalidInput.field("contact_id", "There is no such contact.") from None
