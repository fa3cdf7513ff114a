"""`/v2/logs/emails`, `/logs/emails-summary` and `/v2/reports/emails`: what became of mails."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from mailwright.dialects.cakemail.dependencies import CallerOf, RuntimeOf
from mailwright.dialects.cakemail.email_shapes import (
    LogShape,
    Span,
    SummaryShape,
    empty_stretch,
    log_shape,
    read_tags,
    stretch_shape,
    summary_shape,
)
from mailwright.dialects.cakemail.email_words import ENGAGEMENT, LOG_TYPES, SUMMARY
from mailwright.dialects.cakemail.log_shapes import MomentOf
from mailwright.dialects.cakemail.paging import SortOf
from mailwright.dialects.cakemail.shapes import Shape, answer, plain
from mailwright.domain.tag_expression import HasTag
from mailwright.errors import InvalidInput
from mailwright.services import email_log as log
from mailwright.services import emails
from mailwright.services.email_log import LogQuery

router = APIRouter(tags=["logs"])

DEFAULT_SPAN = timedelta(days=7)  # the document's
_WIDTHS = {
    "5m": timedelta(minutes=5),
    "15m": timedelta(minutes=15),
    "30m": timedelta(minutes=30),
    "1h": timedelta(hours=1),
    "1d": timedelta(days=1),
}
PageNumber = Annotated[int, Query(ge=1, le=10_000)]
PerPage = Annotated[int, Query(ge=1, le=100)]


class LogPage(Shape):
    """One page of the log; nobody counts the whole."""

    pagination: dict[str, int | bool]
    parameters: dict[str, object]
    data: list[LogShape]


class SummaryPage(Shape):
    """One page of mails."""

    pagination: dict[str, int | bool]
    parameters: dict[str, object]
    data: list[SummaryShape]


class Figures(Shape):
    """Figures, one for each interval in which anything happened."""

    parameters: dict[str, object]
    data: list[dict[str, object]]


async def _span(
    runtime: RuntimeOf,
    start_time: MomentOf = None,
    end_time: MomentOf = None,
    iso_time: Annotated[bool, Query(description="Times in ISO 8601.")] = False,
    tags: Annotated[
        str | None, Query(max_length=4_000, description="A tag, or and/or/not/is in JSON.")
    ] = None,
    providers: Annotated[str | None, Query(description="Not offered.")] = None,
) -> Span:
    if providers:
        raise InvalidInput.field("providers", "Mailwright does not sort mails by provider.")
    expression, asked = read_tags(tags)
    end = end_time or runtime.now()
    until = end_time + timedelta(seconds=1) if end_time else None  # that second, too
    return Span(start_time or end - DEFAULT_SPAN, end, until, iso_time, expression, asked)


SpanOf = Annotated[Span, Depends(_span)]


@router.get("/v2/logs/emails", responses={200: {"model": LogPage}})
async def page_log(
    runtime: RuntimeOf,
    caller: CallerOf,
    span: SpanOf,
    log_type: str = "all",
    email_id: UUID | None = None,
    page: PageNumber = 1,
    per_page: PerPage = 50,
    sort: SortOf = None,
) -> Response:
    """Show the activity of emails, newest first, by tag, type and time."""
    kinds = LOG_TYPES.get(log_type)
    if kinds is None:
        raise InvalidInput.field("log_type", f"One of {', '.join(LOG_TYPES)}.")
    query = LogQuery(span.tags, kinds, span.start, span.until, email_id)
    oldest_first = _oldest_first(sort, "time", "submitted_time", "id")
    if not kinds:
        return _paged([], span, page, per_page, has_more=False)
    found = await log.page_log(
        runtime,
        caller,
        query,
        per_page=per_page,
        offset=(page - 1) * per_page,
        oldest_first=oldest_first,
    )
    shapes = [plain(log_shape(event, span)) for event in found.items]
    return _paged(shapes, span, page, per_page, has_more=found.next_cursor is not None)


@router.get("/logs/emails-summary", responses={200: {"model": SummaryPage}})
async def summary(
    runtime: RuntimeOf,
    caller: CallerOf,
    span: SpanOf,
    email_id: UUID | None = None,
    status: str | None = None,
    engagement: str | None = None,
    email: str | None = None,
    page: PageNumber = 1,
    per_page: PerPage = 50,
    sort: SortOf = None,
) -> Response:
    """Show emails with what became of each, newest first."""
    _check_word("status", status, (*SUMMARY, "unsubscribed", "global_unsubscribed"))
    _check_word("engagement", engagement, ENGAGEMENT)
    if span.tags is not None and not isinstance(span.tags, HasTag):
        raise InvalidInput.field("tags", "Here one tag; expressions go with /v2/logs/emails.")
    if _oldest_first(sort, "submitted_time"):
        raise InvalidInput.field("sort", "Here only -submitted_time, newest first.")
    if email_id is not None:
        view = await emails.get_email(runtime, caller, email_id)
        return _paged([plain(summary_shape(view, span))], span, page, per_page, has_more=False)
    statuses = SUMMARY.get(status or "", ()) or ENGAGEMENT.get(engagement or "", ())
    if status is not None and status not in SUMMARY:
        return _paged([], span, page, per_page, has_more=False)
    wanted = emails.email_filter(
        tag=span.tags.tag if span.tags is not None else None,
        statuses=statuses,
        to=email,
        since=span.start,
        until=span.until,
    )
    found = await emails.page_emails(
        runtime, caller, wanted, per_page=per_page, offset=(page - 1) * per_page
    )
    shapes = [plain(summary_shape(row, span)) for row in found.items]
    return _paged(shapes, span, page, per_page, has_more=found.next_cursor is not None)


@router.get("/v2/reports/emails", responses={200: {"model": Figures}})
async def report(
    runtime: RuntimeOf,
    caller: CallerOf,
    span: SpanOf,
    interval: Literal["5m", "15m", "30m", "1h", "1d"] | None = None,
) -> Response:
    """Show figures of emails, for all of the time or by interval."""
    found = await log.count_events(
        runtime,
        caller,
        LogQuery(span.tags),
        since=span.start,
        until=span.until or span.end + timedelta(seconds=1),
        width=_WIDTHS[interval] if interval else None,
    )
    shapes = [stretch_shape(stretch, span) for stretch in found or [empty_stretch(span)]]
    parameters = span.parameters() | ({"interval": interval} if interval else {})
    return answer({"parameters": parameters, "data": shapes})


def _paged(
    shapes: list[dict[str, object]], span: Span, page: int, per_page: int, *, has_more: bool
) -> Response:
    pagination = {"page": page, "per_page": per_page, "has_more": has_more}
    return answer({"pagination": pagination, "parameters": span.parameters(), "data": shapes})


def _oldest_first(sort: str | None, *terms: str) -> bool:
    term = (sort or f"-{terms[0]}").strip()
    if term.lstrip("+-") not in terms:
        raise InvalidInput.field("sort", f"One of {', '.join(terms)}, with - for newest first.")
    return not term.startswith("-")


def _check_word(field: str, word: str | None, words: Iterable[str]) -> None:
    words = tuple(words)
    if word is not None and word not in words:
        raise InvalidInput.field(field, f"One of {', '.join(words)}.")
