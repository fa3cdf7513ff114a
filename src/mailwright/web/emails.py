"""`/emails`: single mails that programs sent, and what became of each."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from starlette.responses import Response

from mailwright.domain.email_status import EmailStatus
from mailwright.errors import InvalidInput
from mailwright.services import email_log, email_previews, email_resending
from mailwright.services import emails as service
from mailwright.services.email_resending import RESENDABLE
from mailwright.web.inbox import sandboxed
from mailwright.web.security import SANDBOX_WITH_IMAGES
from mailwright.web.visits import ROWS_PER_PAGE, Visit, render

EVENTS_SHOWN = 100
CANCELABLE = frozenset({EmailStatus.SCHEDULED, EmailStatus.QUEUED, EmailStatus.DEFERRED})


async def show_list(visit: Visit) -> Response:
    """Single mails, newest first, by status, tag, recipient and day."""
    query = {name: visit.query(name) for name in ("status", "tag", "search", "since", "until")}
    status = query["status"]
    wanted = service.email_filter(
        tag=query["tag"] or None,
        status=EmailStatus(status) if status in set(EmailStatus) else None,
        to=query["search"] or None,
        since=_day(query["since"]),
        until=_day(query["until"], after=timedelta(days=1)),
    )
    cursor = visit.query("cursor")
    page = await service.page_emails(
        visit.runtime, visit.caller, wanted, per_page=ROWS_PER_PAGE, cursor=cursor or None
    )
    return await visit.show(
        "emails/list.html",
        page=page,
        query=query,
        cursor=cursor,
        is_filtered=any(query.values()),
        statuses=[each.value for each in EmailStatus],
    )


async def show(visit: Visit) -> Response:
    """One mail: what it said, and its history."""
    email_uuid = visit.path_id("uuid", "mail")
    found = await service.get_email(visit.runtime, visit.caller, email_uuid)
    events = await email_log.events_of(visit.runtime, visit.caller, email_uuid, limit=EVENTS_SHOWN)
    return await visit.show(
        "emails/one.html",
        mail=found,
        events=events,
        can_cancel=found.status in CANCELABLE,
        can_resend=found.status in RESENDABLE,
    )


async def body(visit: Visit) -> Response:
    """What the mail says, sandboxed."""
    email_uuid = visit.path_id("uuid", "mail")
    try:
        found = await email_previews.render_email(
            visit.runtime, visit.caller, email_uuid, sanitize=False
        )
    except InvalidInput as error:
        return sandboxed(render("editor/problem.html", sentences=[error.message]))
    if found.html is None:
        return sandboxed(render("emails/text.html", text=found.text or ""))
    return sandboxed(found.html, SANDBOX_WITH_IMAGES)


async def cancel(visit: Visit) -> Response:
    """The mail is never sent."""
    email_uuid = visit.path_id("uuid", "mail")
    await service.cancel_email(visit.runtime, visit.caller, email_uuid)
    return visit.go(f"/emails/{email_uuid}", said="Canceled: it is never sent.")


async def resend(visit: Visit) -> Response:
    """The mail once more, as a new one."""
    email_uuid = visit.path_id("uuid", "mail")
    made = await email_resending.resend_email(visit.runtime, visit.caller, email_uuid)
    return visit.go(f"/emails/{made.uuid}", said="Sent again: this is the new mail.")


def _day(text: str, *, after: timedelta = timedelta(0)) -> datetime | None:
    """The start of a day (UTC), or later; None for nothing that is one."""
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC) + after if text else None
    except (ValueError, OverflowError):
        return None
