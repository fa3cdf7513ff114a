"""`/reports`: figures of the account and of lists. Those of one campaign are at the campaign."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from mailwright.api.dependencies import CallerOf, RuntimeOf
from mailwright.api.envelopes import Data, one
from mailwright.api.fields import Moment
from mailwright.api.problems import errors
from mailwright.services import account_reports as service
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
