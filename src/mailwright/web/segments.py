"""`/segments`: saved rules that say whom."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from mailwright.domain.campaign_lifecycle import CampaignState
from mailwright.domain.ids import parse_id
from mailwright.errors import Conflict, InvalidInput, NotFound
from mailwright.services import campaigns, lists
from mailwright.services import segments as service
from mailwright.services.paging import Page
from mailwright.services.segments import SegmentView
from mailwright.web.forms import Form
from mailwright.web.segment_forms import (
    DEEDS,
    FIELDS,
    HINTS,
    LIST,
    OPS,
    campaigns_in,
    not_opened,
    rows_in,
    rule_of,
    values_of,
)
from mailwright.web.visits import Visit

NAME_LENGTH_MAX = 255

#: How many campaigns a row can be about; older ones are reached from their own page.
_RECENT = Page(1, 25)


async def show_list(visit: Visit) -> Response:
    """Segments by name, with the counts they have."""
    paged = await service.page_segments(visit.runtime, visit.caller, visit.page())
    return await visit.show("segments/list.html", paged=paged)


async def show_new(visit: Visit) -> Response:
    """An empty form, or one about who did not open the campaign that `not_opened` names."""
    visit.caller.require("segments:write")
    form: Form = {"match": "all"}
    if wanted := visit.query("not_opened"):
        campaign_uuid = parse_id(wanted, "campaign")
        found = await campaigns.get_campaign(visit.runtime, visit.caller, campaign_uuid)
        form = not_opened(str(found.uuid), found.name)
    return await _page(visit, None, form)


async def create(visit: Visit) -> Response:
    """The new segment, or the form again: with another row, or with what is wrong."""
    form = visit.form
    visit.caller.require("segments:write")
    if "more" in form:
        return await _page(visit, None, form)
    try:
        made = await service.create_segment(visit.runtime, visit.caller, _name(form), rule_of(form))
    except (InvalidInput, Conflict) as error:
        return await _page(visit, None, form, error)
    return visit.go(f"/segments/{made.uuid}", said="The segment is there.")


async def show(visit: Visit) -> Response:
    """A segment and whom it fits now."""
    found = await _existing(visit)
    return await _page(visit, found, {"name": found.name, **values_of(found.rule)})


async def save(visit: Visit) -> Response:
    """The changes, or the form again: with another row, or with what is wrong."""
    form = visit.form
    found = await _existing(visit)
    if "more" in form:
        return await _page(visit, found, form)
    try:
        changes: Any = {"name": _name(form), "rule": rule_of(form)}
        await service.change_segment(visit.runtime, visit.caller, found.uuid, changes)
    except (InvalidInput, Conflict) as error:
        return await _page(visit, found, form, error)
    return visit.go(f"/segments/{found.uuid}", said="Saved.")


async def preview(visit: Visit) -> Response:
    """How many people the rule in the form fits now, as a sentence."""
    try:
        found = await service.preview_segment(visit.runtime, visit.caller, rule_of(visit.form))
    except InvalidInput as error:
        return visit.part("segments/count.html", problem=error.message)
    return visit.part("segments/count.html", problem="", count=found.contacts_count)


async def delete(visit: Visit) -> Response:
    """Gone; nobody it fits is."""
    await service.delete_segment(visit.runtime, visit.caller, visit.path_id("uuid", "segment"))
    return visit.go("/segments", said="The segment was deleted.")


async def _existing(visit: Visit) -> SegmentView:
    segment_uuid = visit.path_id("uuid", "segment")
    return await service.get_segment(visit.runtime, visit.caller, segment_uuid)


async def _page(
    visit: Visit,
    segment: SegmentView | None,
    form: Form,
    error: InvalidInput | Conflict | None = None,
) -> Response:
    named = await lists.page_lists(visit.runtime, visit.caller, Page())
    people = None
    if segment is not None and error is None:
        people = await service.page_segment_contacts(
            visit.runtime, visit.caller, segment.uuid, visit.page()
        )
    faults = visit.faults(error)
    wrong = [name for name in faults["errors"] if name.partition(".")[0] == "rule"]
    return await visit.show(
        "segments/one.html",
        422 if error else 200,
        segment=segment,
        form=form,
        rows=rows_in(form),
        fields=FIELDS,
        hints=HINTS,
        deeds=DEEDS,
        campaigns=await _campaigns(visit, form),
        ops=OPS,
        lists=[(f"{LIST}{one.uuid}", f"On the list {one.name}") for one in named.items],
        people=people,
        rule_problems=[told for name in wrong for told in faults["errors"][name]],
        **faults,
    )


async def _campaigns(visit: Visit, form: Form) -> list[tuple[str, str]]:
    """The newest campaigns that were sent, by id and name, and those the form names besides."""
    key = (visit.runtime, visit.caller)
    recent = await campaigns.page_campaigns(*key, _RECENT, status=CampaignState.SENT)
    offered = {str(row.uuid): row.name for row in recent.items}
    for text in sorted(campaigns_in(form) - set(offered)):
        try:
            found = await campaigns.get_campaign(*key, parse_id(text, "campaign"))
            offered[text] = found.name
        except NotFound:
            offered[text] = "a campaign that is gone"
    return list(offered.items())


def _name(form: Form) -> str:
    name = form.get("name", "").strip()
    if not 1 <= len(name) <= NAME_LENGTH_MAX:
        raise InvalidInput.field("name", f"A name has 1 to {NAME_LENGTH_MAX} characters.")
    return name
