"""`/campaigns/{uuid}/events`: the activity log of a campaign."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel
from starlette.responses import Response

from mailwright.api.dependencies import CallerOf, PageOf, RuntimeOf
from mailwright.api.envelopes import Data, json_response, one
from mailwright.api.exports import ExportShape, export_shape
from mailwright.api.fields import Body, Description, Moment, example
from mailwright.api.problems import errors
from mailwright.domain.bounce_kind import BounceKind
from mailwright.domain.email_event import EventKind
from mailwright.services import campaign_events as service
from mailwright.services import report_exports
from mailwright.services.campaign_event_query import EventQuery
from mailwright.services.campaign_events import EventTotal

router = APIRouter(prefix="/campaigns/{campaign_uuid}/events", tags=["campaigns"])

_UNKNOWN = errors("RESOURCE_NOT_FOUND")


class Event(BaseModel):
    """A row of the log. `occurrences`: how many it stands for, with `firsts` or `by_person`."""

    id: int
    at: datetime
    kind: EventKind
    bounce: BounceKind | None
    contact_uuid: UUID | None
    email: str
    occurrences: int
    reason: str | None
    reply: str | None
    link_uuid: UUID | None
    url: str | None
    agent: str | None
    is_machine: bool


class EventsPlace(BaseModel):
    """Where this is in the log."""

    per_page: int
    next_cursor: str | None
    previous_cursor: str | None


class EventsAnswer(BaseModel):
    """Some rows of a log."""

    data: list[Event]
    pagination: EventsPlace


_SHOWN = tuple(Event.model_fields)


async def _query(
    kind: Annotated[list[EventKind] | None, Query(description="May be said several times.")] = None,
    bounce: Annotated[list[BounceKind] | None, Query()] = None,
    contact_uuid: Annotated[UUID | None, Query()] = None,
    email: Annotated[str | None, Query(max_length=320)] = None,
    link_uuid: Annotated[UUID | None, Query()] = None,
    since: Annotated[Moment | None, Query(description="From then on.")] = None,
    until: Annotated[Moment | None, Query(description="Before then.")] = None,
    firsts: Annotated[bool, Query(description="Of each kind a person's first.")] = False,
    by_person: Annotated[bool, Query(description="One row for each person.")] = False,
) -> EventQuery:
    return EventQuery(
        kinds=kind or (),
        bounces=bounce or (),
        contact_uuid=contact_uuid,
        email=email,
        link_uuid=link_uuid,
        since=since,
        until=until,
        firsts=firsts,
        by_person=by_person,
    )


QueryOf = Annotated[EventQuery, Depends(_query)]


@router.get("", responses={200: {"model": EventsAnswer}, **_UNKNOWN})
async def page(
    runtime: RuntimeOf,
    caller: CallerOf,
    campaign_uuid: UUID,
    page: PageOf,
    query: QueryOf,
    cursor: Annotated[str | None, Query(description="Instead of `page`: from an answer.")] = None,
    sort: Annotated[Literal["id", "-id"], Query(description="-id: newest first.")] = "id",
) -> Response:
    """List what happened to each recipient of a campaign, oldest first.

    Walking all pages, or following `next_cursor`, shows each row once, also while more happens.
    """
    found = await service.page_events(
        runtime, caller, campaign_uuid, query, page, cursor=cursor, descending=sort == "-id"
    )
    place = EventsPlace.model_fields
    return json_response(
        {
            "data": [{name: getattr(row, name) for name in _SHOWN} for row in found.items],
            "pagination": {name: getattr(found, name) for name in place},
        }
    )


@router.get("/totals", responses={200: {"model": Data[list[EventTotal]]}, **_UNKNOWN})
async def totals(
    runtime: RuntimeOf, caller: CallerOf, campaign_uuid: UUID, query: QueryOf
) -> Response:
    """Count how often each kind of thing happened."""
    return one(await service.event_totals(runtime, caller, campaign_uuid, query))


class LogExport(Body):
    """What the file is for."""

    description: Description | None = None

    model_config = example({"description": "May"})


@router.post("/export", status_code=201, responses={201: {"model": Data[ExportShape]}, **_UNKNOWN})
async def export(
    runtime: RuntimeOf, caller: CallerOf, campaign_uuid: UUID, query: QueryOf, body: LogExport
) -> Response:
    """Write the log, as it is now, to a CSV file in the background; see `/exports`."""
    view = await report_exports.export_campaign_log(
        runtime, caller, campaign_uuid, query, description=body.description
    )
    return one(export_shape(view), 201)
