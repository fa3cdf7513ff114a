"""`/analytics/summary`: what became of the mails of a time (vendors.md 2.1)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from mailwright.dialects.mailingcore.dependencies import CallerOf, RuntimeOf
from mailwright.dialects.mailingcore.shapes import Moment, Shape, one
from mailwright.errors import InvalidInput
from mailwright.services.account_reports import get_account_report

router = APIRouter(prefix="/analytics", tags=["analytics"])


class SummaryShape(Shape):
    """Figures of campaigns, and as `emails…` of single mails. Rates are shares, from 0 to 1."""

    since: Moment | None = Field(alias="from")
    to: Moment | None
    campaigns: int
    sent: int
    delivered: int
    opened: int
    clicked: int
    bounced: int
    complained: int
    unsubscribed: int
    open_rate: float
    click_rate: float
    bounce_rate: float
    emails_submitted: int
    emails_delivered: int
    contacts: int


_SUMS = (
    "campaigns",
    "sent",
    "delivered",
    "opened",
    "clicked",
    "bounced",
    "complained",
    "unsubscribed",
    "open_rate",
    "click_rate",
    "bounce_rate",
)


@router.get("/summary", responses={200: {"model": SummaryShape}})
async def summary(
    runtime: RuntimeOf,
    caller: CallerOf,
    since: Annotated[datetime | None, Query(alias="from")] = None,
    to: datetime | None = None,
) -> Response:
    """Add up what was sent from `from` on and before `to`; without them all of it."""
    for name, moment in (("from", since), ("to", to)):
        if moment is not None and moment.tzinfo is None:
            raise InvalidInput.field(name, "Use ISO 8601 with Z, such as 2026-07-01T00:00:00Z.")
    found = await get_account_report(runtime, caller, since=since, until=to)
    sums = found.campaigns
    figures = {name: getattr(sums, name) for name in _SUMS}
    emails = {
        "emails_submitted": found.emails_submitted,
        "emails_delivered": found.emails_delivered,
        "contacts": found.active_contacts,
    }
    shape = SummaryShape.model_validate({"from": since, "to": to, **figures, **emails})
    return one(shape)
