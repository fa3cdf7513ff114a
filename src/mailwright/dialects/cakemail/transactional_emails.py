"""`/emails`, its log and its figures: the first of Cakemail's two APIs of single mails.

It goes to the same mails as the second, `/v2/emails`; there they have UUIDs, here numbers, and a
group here is a tag there, `group-7`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Literal

from fastapi import APIRouter
from starlette.responses import Response

from mailwright.dialects.cakemail import email_submission
from mailwright.dialects.cakemail.dependencies import CallerOf, RuntimeOf
from mailwright.dialects.cakemail.log_shapes import TimesOf, number_in
from mailwright.dialects.cakemail.paging import AskedOf, FilterOf, read_filter
from mailwright.dialects.cakemail.shapes import DataPage, Shape, answer, many, plain
from mailwright.dialects.cakemail.transactional_email_fields import TransactionalEmailBody
from mailwright.dialects.cakemail.transactional_email_shapes import (
    COUNTED,
    LOG_TYPES,
    DayFigures,
    LogRow,
    Sent,
    SentData,
    day_figures,
    log_row,
)
from mailwright.domain.email_event import EventKind
from mailwright.domain.email_group import group_tag
from mailwright.domain.tag_expression import HasTag
from mailwright.errors import InvalidInput
from mailwright.services import email_log as log
from mailwright.services.caller import Caller
from mailwright.services.email_log import LogQuery
from mailwright.services.numbers import number_of, numbers_of, uuids_of
from mailwright.services.runtime import Runtime

router = APIRouter(tags=["transactional emails"])

DEFAULT_SPAN = timedelta(days=7)  # Cakemail's own program names no times
_DAY = timedelta(days=1)
_FILTERS = ("group_id", "email", "email_id")

LogType = Literal[
    "bounce",
    "clickthru",
    "sent",
    "open",
    "unsubscribe",
    "resubscribe",
    "spam",
    "global_unsubscribe",
    "all",
]


class Days(Shape):
    """Figures of each day on which anything happened."""

    data: list[DayFigures]


@router.post("/emails", status_code=201, responses={201: {"model": Sent}})
async def send(runtime: RuntimeOf, caller: CallerOf, body: TransactionalEmailBody) -> Response:
    """Send an email: written down before it is answered, and on its way at once."""
    template = body.content.template
    view = await email_submission.submit(
        runtime, caller, body.ours(), None if template is None else template.id
    )
    number = await number_of(runtime, caller, "email", view.uuid)
    data = SentData(id=number, uuid=str(view.uuid))
    return answer(plain(Sent(id=number, email=view.to, data=data)), 201)


@router.get("/logs/emails", responses={200: {"model": DataPage[LogRow]}})
async def page_log(
    runtime: RuntimeOf,
    caller: CallerOf,
    log_type: LogType,
    asked: AskedOf,
    times: TimesOf,
    filter_: FilterOf = None,
) -> Response:
    """Show email activity logs, newest first, by type, group, address, mail and time."""
    query = await _query(runtime, caller, LOG_TYPES[log_type], filter_)
    if query is None:
        return many([], asked, 0)
    query = replace(query, since=times.since, until=times.until)
    found = await log.page_log(
        runtime, caller, query, per_page=asked.page.per_page, offset=asked.page.offset
    )
    total = await log.count_log(runtime, caller, query) if asked.with_count else None
    mails = {event.email_uuid for event in found.items}
    numbers = await numbers_of(runtime, caller, "email", mails)
    rows = [log_row(event, numbers[event.email_uuid]) for event in found.items]
    return many(rows, asked, total)


@router.get("/reports/emails", responses={200: {"model": Days}})
async def report(runtime: RuntimeOf, caller: CallerOf, times: TimesOf) -> Response:
    """Show email stats: figures by day, in UTC; of the last seven days unless told otherwise."""
    until = times.until or runtime.now() + timedelta(seconds=1)
    since = times.since or until - DEFAULT_SPAN
    if since >= until:
        raise InvalidInput.field("end_time", "After start_time.")
    if (until - since) / _DAY > log.STRETCHES_MAX:
        raise InvalidInput.field("start_time", f"At most {log.STRETCHES_MAX} days before end_time.")
    found = await log.count_events(
        runtime, caller, LogQuery(kinds=COUNTED), since=since, until=until, width=_DAY
    )
    return answer(plain(Days(data=[day_figures(stretch) for stretch in found])))


async def _query(
    runtime: Runtime, caller: Caller, kinds: Sequence[EventKind], text: str | None
) -> LogQuery | None:
    """What of the log is asked for; None: what no row can be. Raises InvalidInput."""
    wanted = read_filter(text, _FILTERS)
    group, number = number_in(wanted, "group_id"), number_in(wanted, "email_id")
    uuid = None
    if number is not None:
        uuid = (await uuids_of(runtime, caller, "email", [number])).get(number)
    if not kinds or (number is not None and uuid is None):
        return None
    tag = None if group is None else HasTag(group_tag(group))
    return LogQuery(tags=tag, kinds=kinds, email_uuid=uuid, to=wanted.get("email"))
