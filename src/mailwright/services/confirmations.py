"""Double opt-in: asking people by mail whether they want a list, and hearing their yes.

The link is the permission: GET shows a page, only its POST confirms (SEC-09). An address is asked
at most as often as `domain/confirmation.py` says.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.confirmation import LINK_DAYS, may_ask
from mailwright.domain.doors import Door
from mailwright.domain.tokens import Confirmation, Tokens
from mailwright.errors import MailwrightError
from mailwright.mail.confirmation import confirmation_mail
from mailwright.services import confirmation_mails, emails, logos, webhook_events
from mailwright.services.caller import Caller
from mailwright.services.confirmation_mails import OwnWords
from mailwright.services.emails import NewEmail
from mailwright.services.runtime import Runtime
from mailwright.store import confirmations as store
from mailwright.store import consents, contact_bulk, contacts, list_contacts
from mailwright.store.rows import Row

log = structlog.get_logger()

SOURCE = "double_opt_in"  # how we know that somebody agreed
SENT_AT_ONCE = 20


class Request(StrEnum):
    """How a request for a confirmation stands, as its page tells it."""

    OPEN = "open"
    CONFIRMED = "confirmed"
    GONE = "gone"  # too old, or the list or the contact is no more


@dataclass(frozen=True, slots=True)
class RequestView:
    """What a page shows. `onward`: where the person goes on after saying yes."""

    standing: Request
    tenant_name: str = ""
    list_name: str = ""
    email: str = ""
    locale: str | None = None
    onward: str | None = None
    logo: str | None = None  # the path of the tenant's


async def ask(
    connection: AsyncConnection,
    runtime: Runtime,
    caller: Caller,
    list_id: int,
    contact_ids: Collection[int],
) -> None:
    """Writes down a mail to each of the contacts that may get one; `send_waiting` sends them."""
    rows = await contact_bulk.of_ids(connection, caller.tenant_id, contact_ids)
    keys = sorted(row["email_key"] for row in rows)
    await store.take_turn(connection, caller.tenant_id)
    earlier = await store.times_of(connection, caller.tenant_id, keys)
    now = runtime.now()
    mails = [
        {
            "list_id": list_id,
            "contact_id": row["id"],
            "email_key": row["email_key"],
            "actor": caller.actor,
            "door": caller.door.value,
            "created_at": now,
        }
        for row in rows
        if may_ask(earlier.get(row["email_key"], ()), now)
    ]
    await store.add(connection, caller.tenant_id, mails)


async def send_waiting(runtime: Runtime, tenant_id: int) -> None:
    """Hands over the mails that wait as single mails, which are then sent like any other."""
    while await _send_some(runtime, tenant_id):
        pass


async def get_request(runtime: Runtime, asked: Confirmation) -> RequestView:
    """What the person of a link is asked, and how they stand. Changes nothing."""
    async with runtime.database.reading() as connection:
        return await _view(connection, runtime, asked)


async def confirm(runtime: Runtime, asked: Confirmation) -> RequestView:
    """The person wants the list: from now on they get it. Doing it twice changes nothing more."""
    tenant_id, now = asked.tenant_id, runtime.now()
    async with runtime.database.transaction() as connection:
        view = await _view(connection, runtime, asked)
        if view.standing is Request.OPEN:
            await list_contacts.put(
                connection, tenant_id, asked.list_id, [asked.contact_id], "subscribed"
            )
            values = {
                "consent": "subscribed",
                "consent_source": SOURCE,
                "opted_in_at": now,
                "unsubscribed_at": None,
            }
            await contacts.change(connection, tenant_id, asked.contact_id, values)
            await consents.record(
                connection,
                tenant_id,
                asked.contact_id,
                consent="subscribed",
                source=SOURCE,
                actor="recipient",
                door=Door.PUBLIC.value,
            )
            await store.confirmed(connection, tenant_id, asked.list_id, asked.contact_id, now)
            agreed = webhook_events.opted_in(tenant_id, asked.contact_id, now, SOURCE)
            await webhook_events.emit(connection, [replace(agreed, list_id=asked.list_id)])
            view = await _view(connection, runtime, asked)
    return view


async def _send_some(runtime: Runtime, tenant_id: int) -> bool:
    """Hands over a few; whether there may be more."""
    async with runtime.database.transaction() as connection:
        rows = await store.claim(connection, tenant_id, now=runtime.now(), limit=SENT_AT_ONCE)
    async with runtime.database.reading() as connection:
        readers = [(row["locale"], row["list_language"]) for row in rows]
        words = await confirmation_mails.own_words(connection, tenant_id, readers)
    for row, own in zip(rows, words, strict=True):
        state, error = "sent", None
        try:
            await emails.submit(runtime, _sender_of(tenant_id, row), _mail(runtime, row, own))
        except MailwrightError as refusal:
            log.warning("confirmation_not_sent", list_id=row["list_id"], why=refusal.message)
            state, error = "failed", refusal.message
        async with runtime.database.transaction() as connection:
            await store.end(connection, tenant_id, row["id"], state, at=runtime.now(), error=error)
    return len(rows) == SENT_AT_ONCE


def _sender_of(tenant_id: int, row: Row) -> Caller:
    """Who sends it: whoever put the person on the list, with no other right than that."""
    return Caller(tenant_id, row["actor"], Door(row["door"]), frozenset({"emails:write"}))


def _mail(runtime: Runtime, row: Row, own: OwnWords | None) -> NewEmail:
    """The mail to the person of a row of `store.confirmations.claim`, in the tenant's own words."""
    words = confirmation_mail(row["locale"], row["list_language"])
    until = int((runtime.now() + timedelta(days=LINK_DAYS)).timestamp())
    asked = Confirmation(row["tenant_id"], row["contact_id"], row["list_id"], until)
    token = Tokens(runtime.keys).confirm(asked)
    version_uuid = own.version_uuid if own else None
    said: dict[str, Any] = (
        {"template_version_uuid": version_uuid}
        if version_uuid
        else {"subject": words.subject, "html": words.html, "text": words.text}
    )
    return NewEmail(
        to=row["email"],
        **said,
        language=words.language,
        sender=(own.sender_id if own else None) or row["sender_id"],
        data={
            "account": row["tenant_name"],
            "list_name": row["list_name"],
            "confirm_url": f"{runtime.settings.base_url}/j/{token}",
        },
        tags=["double-opt-in"],
        track_opens=False,
        track_clicks=False,
    )


async def _view(connection: AsyncConnection, runtime: Runtime, asked: Confirmation) -> RequestView:
    row = await store.person(connection, asked.tenant_id, asked.list_id, asked.contact_id)
    if row is None:
        return RequestView(Request.GONE)
    found = await list_contacts.of_ids(
        connection, asked.tenant_id, asked.list_id, [asked.contact_id]
    )
    if asked.contact_id not in found:
        return RequestView(Request.GONE)
    if found[asked.contact_id]["standing"] == "subscribed":
        standing = Request.CONFIRMED
    elif asked.until < runtime.now().timestamp():
        standing = Request.GONE
    else:
        standing = Request.OPEN
    return RequestView(
        standing,
        tenant_name=row["tenant_name"],
        list_name=row["list_name"],
        email=row["email"],
        locale=row["locale"],
        onward=row["redirections"].get("after_double_opt_in"),
        logo=logos.path_of(row["logo"]),
    )
