"""`/reports`: figures of the account and of lists. Those of one campaign are at the campaign."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from mailwright.api.dependencies import CallerOf, RuntimeOf
from mailwright.api.envelopes import Data, one
from mailwright.api.exports import ExportShape, export_shape
from mailwright.api.fields import Body, Description, Moment, example
from mailwright.api.problems import errors
from mailwright.services import account_reports as service
from mailwright.services import report_exports
from mailwright.services.account_reports import AccountReport, ListReport

router = APIRouter(prefix="/reports", tags=["reports"])


@router.get("/account", responses={200: {"model": Data[AccountReport]}})
async def account(
    runtime: RuntimeOf,
    caller: CallerOf,
    since: Annotated[Moment | None, Query(description="Mails begun from then on.")] = None,
    until: Annotated[Moment | None, Query(description="Mails begun before then.")] = None,
) -> Response:
    """Get the account's figures: people, campaigns together, single mails, the month's quota."""
    return one(await service.get_account_report(runtime, caller, since=since, until=until))


@router.get(
    "/lists/{list_uuid}",
    responses={200: {"model": Data[ListReport]}, **errors("RESOURCE_NOT_FOUND")},
)
async def of_list(runtime: RuntimeOf, caller: CallerOf, list_uuid: UUID) -> Response:
    """Get a list's figures: its people now, and what became of the campaigns to it."""
    return one(await service.get_list_report(runtime, caller, list_uuid))


class ReportExport(Body):
    """What the file is for."""

    description: Description | None = None

    model_config = example({"description": "All of 2026"})


@router.post("/export", status_code=201, responses={201: {"model": Data[ExportShape]}})
async def export(runtime: RuntimeOf, caller: CallerOf, body: ReportExport) -> Response:
    """Write every campaign's figures to a CSV file in the background; see `/exports`."""
    view = await report_exports.export_reports(runtime, caller, description=body.description)
    return one(export_shape(view), 201)
