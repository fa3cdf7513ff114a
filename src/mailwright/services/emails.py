"""Single mails: accepted, looked up, canceled. How one is sent is `delivery/single_mails.py`.

Accepted means written down: the answer comes after the commit. Whatever is wrong is refused before,
and then nothing is made. A mail waits on the ledger, under its own lane, for whichever worker
comes first; see docs/flow.md.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from mailwright.domain.email_address import email_key_of
from mailwright.domain.email_status import OVER, EmailStatus
from mailwright.domain.email_stream import Stream
from mailwright.errors import Conflict, InvalidInput, MailwrightError, NotFound
from mailwright.services import email_acceptance, quota
from mailwright.services.caller import Caller
from mailwright.services.cursors import Cursored, cursor_at, place_of
from mailwright.services.email_fields import NewEmail, check_email
from mailwright.services.email_views import EmailRow, EmailView, full_view, row_view
from mailwright.services.runtime import Runtime
from mailwright.store import emails as store
from mailwright.store.emails import EmailFilter

__all__ = ["EmailFilter", "EmailRow", "EmailView", "NewEmail"]

WAIT_POLL_SECONDS = 0.05
BATCH_MAX = 100  # mails a call


async def submit(runtime: Runtime, caller: Caller, asked: NewEmail) -> EmailView:
    """The mail, written down for good; it leaves at once, or when it is scheduled.

    Raises InvalidInput naming the field, also for a sender, project, list or template there is not,
    and with the codes RECIPIENT_SUPPRESSED and, for marketing, RECIPIENT_UNSUBSCRIBED; NotReady
    SENDER_NOT_CONFIRMED, SENDER_DISABLED, DOMAIN_NOT_AUTHENTICATED, TEMPLATE_VERSION_UNPUBLISHED;
    NotFound for a template; QuotaExceeded.
    """
    caller.require("emails:write")
    return await email_acceptance.accept(runtime, caller, check_email(asked, runtime.now()))


async def submit_all(
    runtime: Runtime, caller: Caller, asked: Sequence[NewEmail]
) -> list[EmailView | MailwrightError]:
    """Up to 100 mails, each accepted or refused for itself, in their order."""
    caller.require("emails:write")
    if not 1 <= len(asked) <= BATCH_MAX:
        raise InvalidInput.field("emails", f"1 to {BATCH_MAX} mails a call.")

    async def one(each: NewEmail) -> EmailView | MailwrightError:
        try:
            return await submit(runtime, caller, each)
        except MailwrightError as error:
            return error

    return await asyncio.gather(*map(one, asked))


async def get_email(runtime: Runtime, caller: Caller, email_uuid: UUID) -> EmailView:
    """One mail as it stands now. Raises NotFound."""
    caller.require("emails:read")
    return await _email(runtime, caller, email_uuid)


async def _email(runtime: Runtime, caller: Caller, email_uuid: UUID) -> EmailView:
    async with runtime.database.reading() as connection:
        row = await store.get(connection, caller.tenant_id, email_uuid)
    if row is None:
        raise _no_email()
    return full_view(runtime, row)


async def page_emails(
    runtime: Runtime,
    caller: Caller,
    wanted: EmailFilter,
    *,
    per_page: int,
    offset: int = 0,
    cursor: str | None = None,
) -> Cursored[EmailRow]:
    """Mails, newest first, after `cursor` or `offset`; there is no count of all of them."""
    caller.require("emails:read")
    after = None if cursor is None else place_of(cursor)
    async with runtime.database.reading() as connection:
        rows = await store.page(
            connection,
            caller.tenant_id,
            wanted,
            now=runtime.now(),
            limit=per_page + 1,
            offset=0 if cursor is not None else offset,
            after=after,
        )
    shown, more = rows[:per_page], len(rows) > per_page
    return Cursored(
        [row_view(runtime, row) for row in shown],
        cursor_at(shown[-1]["created_at"], shown[-1]["message_id"]) if more else None,
    )


async def cancel_email(runtime: Runtime, caller: Caller, email_uuid: UUID) -> EmailView:
    """The mail is never sent. Raises NotFound, Conflict EMAIL_NOT_CANCELABLE once it is in hand."""
    caller.require("emails:write")
    async with runtime.database.transaction() as connection:
        row = await store.get(connection, caller.tenant_id, email_uuid)
        if row is None:
            raise _no_email()
        if not await store.cancel(connection, caller.tenant_id, row["message_id"]):
            raise Conflict(
                "Only a mail that still waits can be canceled.",
                code="EMAIL_NOT_CANCELABLE",
                details={"status": str(full_view(runtime, row).status)},
            )
        if row["lane"] != 0:
            await quota.release(connection, caller.tenant_id, row["created_at"])
        canceled = await store.get(connection, caller.tenant_id, email_uuid)
    assert canceled is not None
    return full_view(runtime, canceled)


async def count_emails(runtime: Runtime, caller: Caller, wanted: EmailFilter) -> int:
    """How many mails fit, for doors whose lists say so; of very many as of a moment ago."""
    caller.require("emails:read")

    async def count() -> int:
        async with runtime.database.reading() as connection:
            return await store.count(connection, caller.tenant_id, wanted, now=runtime.now())

    return await runtime.totals.get(("emails", caller.tenant_id, wanted), runtime.now(), count)


async def queue_position(runtime: Runtime, caller: Caller, email_uuid: UUID) -> int:
    """How many mails of its project leave before this one, itself included, up to 1,000.

    0: it is in hand, over, or scheduled for later.
    """
    caller.require("emails:write")
    async with runtime.database.reading() as connection:
        return await store.queue_position(connection, caller.tenant_id, email_uuid)


async def wait_for(
    runtime: Runtime, caller: Caller, email_uuid: UUID, *, seconds: float
) -> EmailView:
    """The mail when its first try is over, or as it is after that time. Raises NotFound."""
    caller.require("emails:write")
    for _ in range(max(1, round(seconds / WAIT_POLL_SECONDS))):
        view = await _email(runtime, caller, email_uuid)
        if view.attempts or view.status in OVER:
            return view
        await asyncio.sleep(WAIT_POLL_SECONDS)
    return await _email(runtime, caller, email_uuid)


def email_filter(
    *,
    tag: str | None = None,
    status: EmailStatus | None = None,
    statuses: Sequence[EmailStatus] = (),
    stream: Stream | None = None,
    to: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> EmailFilter:
    """Which mails are asked for; None: whichever. `statuses`: any of these."""
    wanted = tuple(statuses) or ((status,) if status is not None else ())
    return EmailFilter(tag, wanted, stream, None if to is None else email_key_of(to), since, until)


def _no_email() -> NotFound:
    return NotFound("There is no such mail.")
