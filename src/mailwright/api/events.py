"""`/events`: what happened to single mails, newest first."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from mailwright.api.dependencies import CallerOf, PageOf, RuntimeOf
from mailwright.api.email_fields import Tag
from mailwright.api.envelopes import OnePage, paged
from mailwright.api.fields import Moment, Search
from mailwright.domain.email_event import EventKind
from mailwright.domain.tag_expression import HasTag
from mailwright.services import email_log as service
from mailwright.services.email_log import LoggedEvent, LogQuery

router = APIRouter(prefix="/events", tags=["events"])


@router.get("", responses={200: {"model": OnePage[LoggedEvent]}})
async def page(
    runtime: RuntimeOf,
    caller: CallerOf,
    page: PageOf,
    tag: Annotated[Tag | None, Query()] = None,
    kind: Annotated[list[EventKind] | None, Query(description="One or more kinds.")] = None,
    email_uuid: UUID | None = None,
    to: Annotated[Search | None, Query(description="The recipient's address.")] = None,
    since: Annotated[Moment | None, Query()] = None,
    until: Annotated[Moment | None, Query()] = None,
    cursor: Annotated[str | None, Query(max_length=64)] = None,
) -> Response:
    """List what happened to single mails, newest first, by tag, kind, mail, address and time."""
    query = LogQuery(
        tags=None if tag is None else HasTag(tag),
        kinds=kind or (),
        since=since,
        until=until,
        email_uuid=email_uuid,
        to=to,
    )
    found = await service.page_log(
        runtime, caller, query, per_page=page.per_page, offset=page.offset, cursor=cursor
    )
    return paged(found, page)
