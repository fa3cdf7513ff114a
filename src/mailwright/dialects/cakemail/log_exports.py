"""`/logs/campaigns/{id}/exports` and `/logs/lists/{id}/exports`: logs as files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from mailwright.dialects.cakemail.dependencies import CallerOf, RuntimeOf
from mailwright.dialects.cakemail.export_shapes import (
    DownloadShape,
    RequesterShape,
    download_answer,
    requester_shape,
)
from mailwright.dialects.cakemail.fields import Body, NumberInPath
from mailwright.dialects.cakemail.log_shapes import CAMPAIGN_FILTERS, LIST_FILTERS, read_query
from mailwright.dialects.cakemail.paging import AskedOf, FilterOf
from mailwright.dialects.cakemail.shapes import Data, DataPage, Made, Shape, Unix, created, many
from mailwright.domain.ids import parse_id
from mailwright.services import export_tasks
from mailwright.services import report_exports as service
from mailwright.services.caller import Caller
from mailwright.services.export_tasks import ExportView
from mailwright.services.numbers import uuid_of
from mailwright.services.runtime import Runtime
from mailwright.services.task_list import requesters_of

router = APIRouter(prefix="/logs", tags=["logs"])

DescriptionOf = Annotated[str | None, Query(max_length=1_000)]


class LogExportBody(Body):
    """What of a log; the same may stand in the query."""

    description: Annotated[str | None, Field(max_length=1_000)] = None
    filter: Annotated[str | None, Field(max_length=4_000)] = None


class LogExport(Shape):
    """A log on its way into a file."""

    id: str
    campaign_id: int | None = None
    list_id: int | None = None
    status: str
    description: str | None
    requested_by: RequesterShape
    created_on: Unix
    expires_on: Unix
    progress: int


@router.get("/campaigns/{campaign_id}/exports", responses={200: {"model": DataPage[LogExport]}})
async def page_of_campaign(
    runtime: RuntimeOf, caller: CallerOf, campaign_id: NumberInPath, asked: AskedOf
) -> Response:
    """Show all campaign log exports, the newest first."""
    about = {"campaign_uuid": str(await uuid_of(runtime, caller, "campaign", campaign_id))}
    key = (runtime, caller, asked.page, service.CAMPAIGN_LOG, about)
    found = await service.page_of(*key)
    shapes = await _shapes(runtime, caller, found.items, campaign_id=campaign_id)
    return many(shapes, asked, found.total)


@router.post(
    "/campaigns/{campaign_id}/exports",
    status_code=201,
    responses={201: {"model": Made[LogExport]}},
)
async def export_campaign(
    runtime: RuntimeOf,
    caller: CallerOf,
    campaign_id: NumberInPath,
    body: LogExportBody,
    description: DescriptionOf = None,
    filter_: FilterOf = None,
) -> Response:
    """Export a campaign's log to a CSV file, as it is now."""
    uuid = await uuid_of(runtime, caller, "campaign", campaign_id)
    text = filter_ or body.filter
    log = await read_query(runtime, caller, text, CAMPAIGN_FILTERS)
    view = await service.export_campaign_log(
        runtime,
        caller,
        uuid,
        log.query,
        description=description or body.description,
        origin={"filter": text},
    )
    (shape,) = await _shapes(runtime, caller, [view], campaign_id=campaign_id)
    return created("task", shape)


@router.get(
    "/campaigns/{campaign_id}/exports/{campaign_log_export_id}/download",
    responses={200: {"model": Data[DownloadShape]}},
)
async def download_of_campaign(
    runtime: RuntimeOf, caller: CallerOf, campaign_id: NumberInPath, campaign_log_export_id: str
) -> Response:
    """Tell where the file is; 400 while it is not ready."""
    about = {"campaign_uuid": str(await uuid_of(runtime, caller, "campaign", campaign_id))}
    uuid = parse_id(campaign_log_export_id, "export")
    view = await service.get_of(runtime, caller, uuid, service.CAMPAIGN_LOG, about)
    return download_answer(await export_tasks.file_url(runtime, caller, uuid), view)


@router.get("/lists/{list_id}/exports", responses={200: {"model": DataPage[LogExport]}})
async def page_of_list(
    runtime: RuntimeOf, caller: CallerOf, list_id: NumberInPath, asked: AskedOf
) -> Response:
    """Show all list logs exports, the newest first."""
    about = {"list_uuid": str(await uuid_of(runtime, caller, "list", list_id))}
    found = await service.page_of(runtime, caller, asked.page, service.LIST_LOG, about)
    shapes = await _shapes(runtime, caller, found.items, list_id=list_id)
    return many(shapes, asked, found.total)


@router.post(
    "/lists/{list_id}/exports", status_code=201, responses={201: {"model": Made[LogExport]}}
)
async def export_list(
    runtime: RuntimeOf,
    caller: CallerOf,
    list_id: NumberInPath,
    body: LogExportBody,
    filter_: FilterOf = None,
) -> Response:
    """Export the log of a list's campaigns to a CSV file, as it is now."""
    uuid = await uuid_of(runtime, caller, "list", list_id)
    text = filter_ or body.filter
    log = await read_query(runtime, caller, text, LIST_FILTERS)
    view = await service.export_list_log(
        runtime,
        caller,
        uuid,
        log.query,
        description=body.description,
        origin={"filter": text},
    )
    (shape,) = await _shapes(runtime, caller, [view], list_id=list_id)
    return created("task", shape)


@router.get(
    "/lists/{list_id}/exports/{list_logs_export_id}/download",
    responses={200: {"model": Data[DownloadShape]}},
)
async def download_of_list(
    runtime: RuntimeOf, caller: CallerOf, list_id: NumberInPath, list_logs_export_id: str
) -> Response:
    """Tell where the file is; 400 while it is not ready."""
    about = {"list_uuid": str(await uuid_of(runtime, caller, "list", list_id))}
    uuid = parse_id(list_logs_export_id, "export")
    view = await service.get_of(runtime, caller, uuid, service.LIST_LOG, about)
    return download_answer(await export_tasks.file_url(runtime, caller, uuid), view)


async def _shapes(
    runtime: Runtime, caller: Caller, views: Sequence[ExportView], **about: int
) -> list[LogExport]:
    people = await requesters_of(runtime, caller, (view.requested_by for view in views))
    return [_shape(view, requester_shape(people[view.requested_by]), about) for view in views]


def _shape(view: ExportView, requester: RequesterShape, about: dict[str, Any]) -> LogExport:
    return LogExport(
        id=str(view.uuid),
        **about,
        status=view.status,
        description=view.description,
        requested_by=requester,
        created_on=view.created_at,
        expires_on=view.expires_at,
        progress=view.progress,
    )
