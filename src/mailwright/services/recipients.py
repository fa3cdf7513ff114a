"""Whom a campaign would go to now, and whom it went to: the live audience and the ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from mailwright.domain.email_address import EmailAddress
from mailwright.domain.message_lifecycle import MessageState
from mailwright.errors import InvalidInput
from mailwright.services import campaigns
from mailwright.services.caller import Caller
from mailwright.services.campaign_readiness import has_audience
from mailwright.services.contact_views import ContactRow, row_view
from mailwright.services.paging import Page, Paged
from mailwright.services.runtime import Runtime
from mailwright.store import audiences, contacts
from mailwright.store import recipients as store
from mailwright.store.recipients import RecipientFilter
from mailwright.store.rows import Row

_S = MessageState

#: easymail's three words, ours for those it has none for, and `all`.
STATUSES: Mapping[str, tuple[MessageState, ...]] = {
    "pending": (_S.QUEUED, _S.SENDING, _S.DEFERRED),
    "sent": (_S.SENT,),
    "failed": (_S.BOUNCED, _S.FAILED),
    "queued": (_S.QUEUED,),
    "sending": (_S.SENDING,),
    "deferred": (_S.DEFERRED,),
    "bounced": (_S.BOUNCED,),
    "skipped": (_S.SKIPPED,),
    "canceled": (_S.CANCELED,),
    "all": tuple(_S),
}

_EASYMAIL_WORDS = {
    state: word for word in ("pending", "sent", "failed") for state in STATUSES[word]
}

#: Whom it was for: everybody but those who were never going to be mailed.
_RECIPIENTS = tuple(state for state in _S if state is not _S.SKIPPED)


@dataclass(frozen=True, slots=True)
class Delivery:
    """What servers said. `delivered`: accepted, and it did not come back."""

    delivered: bool
    attempts: int
    sent_at: datetime | None
    bounced_at: datetime | None
    next_attempt_at: datetime | None
    reply: str | None
    possibly_repeated: bool


@dataclass(frozen=True, slots=True)
class Engagement:
    """What the person did, and when first."""

    opened: bool
    clicked: bool
    opened_at: datetime | None
    clicked_at: datetime | None
    unsubscribed_at: datetime | None
    complained_at: datetime | None


@dataclass(frozen=True, slots=True)
class Recipient:
    """One row of the ledger. `status`: pending, sent, failed, or our own word where it has none.

    `state` is the exact one; `reason` says why somebody was skipped or could not be mailed.
    """

    contact_uuid: UUID | None
    email: str
    first_name: str | None
    last_name: str | None
    status: str
    state: str
    reason: str | None
    language: str | None


@dataclass(frozen=True, slots=True)
class RecipientSections:
    """A row with all there is to say about it; the door shows the sections asked for."""

    recipient: Recipient
    delivery: Delivery
    engagement: Engagement


@dataclass(frozen=True, slots=True)
class AfterCursor:
    """Rows after a cursor; `next_cursor` is None behind the last."""

    items: Sequence[RecipientSections]
    next_cursor: str | None
    per_page: int


async def page_audience(
    runtime: Runtime,
    caller: Caller,
    campaign_uuid: UUID,
    page: Page,
    *,
    search: str | None = None,
) -> Paged[ContactRow]:
    """Contacts who would be mailed if it were sent now, newest first. Raises NotFound.

    Nobody while the campaign has no audience. `search` is that of contacts.
    """
    caller.require("campaigns:read")
    caller.require("contacts:read")
    tenant_id = caller.tenant_id
    async with runtime.database.reading() as connection:
        campaign = await campaigns.existing(connection, caller, campaign_uuid)
        if not has_audience(campaign):
            return Paged([], 0, page)
        audience = await audiences.of_campaign(connection, tenant_id, campaign)
        fits = store.mailable(tenant_id, audience, search, _email_key(search))
        limit, offset = page.per_page, page.offset
        rows = await contacts.page(connection, tenant_id, fits, limit=limit, offset=offset)
        total = await contacts.count(connection, tenant_id, fits)
    return Paged([row_view(row) for row in rows], total, page)


async def count_audience(runtime: Runtime, caller: Caller, campaign_uuid: UUID) -> int:
    """How many contacts would be mailed if it were sent now. Raises NotFound."""
    caller.require("campaigns:read")
    tenant_id = caller.tenant_id
    async with runtime.database.reading() as connection:
        campaign = await campaigns.existing(connection, caller, campaign_uuid)
        if not has_audience(campaign):
            return 0
        audience = await audiences.of_campaign(connection, tenant_id, campaign)
        fits = store.mailable(tenant_id, audience, None, None)
        return await contacts.count(connection, tenant_id, fits)


async def page_recipients(
    runtime: Runtime,
    caller: Caller,
    campaign_uuid: UUID,
    page: Page,
    wanted: RecipientFilter,
) -> Paged[RecipientSections]:
    """The ledger's rows in the order they were written down; empty before the send."""
    caller.require("campaigns:read")
    async with runtime.database.reading() as connection:
        campaign_id = await campaigns.id_of(connection, caller, campaign_uuid)
        key = (connection, caller.tenant_id, campaign_id, wanted)
        rows = await store.page(*key, limit=page.per_page, offset=page.offset)
        total = await store.count(*key)
    return Paged([_view(row) for row in rows], total, page)


async def recipients_after(
    runtime: Runtime,
    caller: Caller,
    campaign_uuid: UUID,
    cursor: str,
    wanted: RecipientFilter,
    *,
    per_page: int,
) -> AfterCursor:
    """The next rows after `cursor` (empty: from the start), as cheap at the end as at the start."""
    caller.require("campaigns:read")
    after_id = _position(cursor)
    async with runtime.database.reading() as connection:
        campaign_id = await campaigns.id_of(connection, caller, campaign_uuid)
        rows = await store.page(
            connection, caller.tenant_id, campaign_id, wanted, limit=per_page + 1, after_id=after_id
        )
    shown = rows[:per_page]
    more = len(rows) > per_page
    return AfterCursor(
        [_view(row) for row in shown], str(shown[-1]["id"]) if more else None, per_page
    )


def recipient_filter(
    *,
    status: str | None = None,
    search: str | None = None,
    opened: bool | None = None,
    clicked: bool | None = None,
) -> RecipientFilter:
    """The filter in the words of the API. Raises InvalidInput for a status nobody knows."""
    if status is not None and status not in STATUSES:
        raise InvalidInput.field("status", f"One of {', '.join(STATUSES)}.")
    states = _RECIPIENTS if status is None else STATUSES[status]
    return RecipientFilter([str(state) for state in states], search, opened, clicked)


def _view(row: Row) -> RecipientSections:
    state = MessageState(row["state"])
    return RecipientSections(
        Recipient(
            contact_uuid=row["contact_uuid"],
            email=row["email"],
            first_name=row["first_name"],
            last_name=row["last_name"],
            status=_EASYMAIL_WORDS.get(state, str(state)),
            state=str(state),
            reason=row["reason"],
            language=row["locale"],
        ),
        Delivery(
            delivered=state is MessageState.SENT,
            attempts=row["attempts"],
            sent_at=row["sent_at"],
            bounced_at=row["bounced_at"],
            next_attempt_at=row["next_attempt_at"],
            reply=row["reply"],
            possibly_repeated=row["possibly_repeated"],
        ),
        Engagement(
            opened=row["opened_at"] is not None,
            clicked=row["clicked_at"] is not None,
            opened_at=row["opened_at"],
            clicked_at=row["clicked_at"],
            unsubscribed_at=row["unsubscribed_at"],
            complained_at=row["complained_at"],
        ),
    )


def _position(cursor: str) -> int:
    if not cursor:
        return 0
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) <= 18):
        raise InvalidInput.field("cursor", "Use a next_cursor as it was given.")
    return int(cursor)


def _email_key(search: str | None) -> str | None:
    try:
        return EmailAddress.parse(search or "").key
    except InvalidInput:
        return None
