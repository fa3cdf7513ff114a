"""Senders: the names and addresses a tenant writes from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.email_address import EmailAddress
from mailwright.domain.ids import new_id
from mailwright.domain.locales import parse_locale
from mailwright.domain.sending_domain import domain_of, is_authenticated
from mailwright.domain.webhook_event import EventType
from mailwright.errors import Conflict, InvalidInput, NotFound, NotReady
from mailwright.services import audit, sender_confirmations
from mailwright.services.caller import Caller
from mailwright.services.campaign_fields import parse_reply_to
from mailwright.services.paging import Page, Paged
from mailwright.services.runtime import Runtime
from mailwright.services.sender_confirmations import ask_for_confirmation, tell
from mailwright.store import domains, projects
from mailwright.store import senders as store
from mailwright.store.rows import Row
from mailwright.wire.smtp_url import Transport

NAME_LENGTH_MAX = 255


@dataclass(frozen=True, slots=True)
class SenderIdentity:
    """A sender as easymail's clients know it (vendors.md 3.1)."""

    uuid: UUID
    email: str
    from_name: str
    reply_to: str | None


@dataclass(frozen=True, slots=True)
class SenderView:
    """A sender in full. Campaigns can use it when it is `enabled`, which it is once `confirmed`.

    `language`: of the mail that asks for the confirmation, last sent at `confirmation_sent_at`.
    """

    uuid: UUID
    email: str
    name: str
    reply_to: str | None
    enabled: bool
    confirmed: bool
    language: str
    confirmed_at: datetime | None
    confirmation_sent_at: datetime | None
    created_at: datetime
    updated_at: datetime


class SenderChanges(TypedDict, total=False):
    """The fields a call sets; absent ones stay as they are."""

    name: str
    reply_to: str | None
    enabled: bool
    language: str


async def create_sender(
    runtime: Runtime,
    caller: Caller,
    email: str,
    name: str,
    reply_to: str | None = None,
    language: str = "en",
) -> SenderView:
    """The new sender, confirmed at once where that is safe, else mailed a link to confirm.

    It is safe when the address is a member's or of an authenticated domain, or when mail cannot
    leave this machine (transport `capture:` or loopback, of the tenant and of the installation: a
    tenant's own loopback must not confirm what the operator's relay would then send). Raises
    Conflict DUPLICATE_RESOURCE when the address is taken.
    """
    caller.require("senders:write")
    address = EmailAddress.parse(email)
    values: dict[str, object] = {
        "uuid": new_id(),
        "email": address.text,
        "email_key": address.key,
        "name": _name(name),
        "reply_to": parse_reply_to(reply_to, "reply_to"),
        "language": parse_locale(language, field="language"),
    }
    async with runtime.database.transaction() as connection:
        confirmed = await _is_safe(runtime, connection, caller, address)
        values |= {"enabled": confirmed, "confirmed_at": runtime.now() if confirmed else None}
        row = await store.add(connection, caller.tenant_id, values)
        if row is None:
            raise Conflict(
                "There is a sender of that address already.",
                code="DUPLICATE_RESOURCE",
                details={"email": ["There is a sender of that address already."]},
            )
        await tell(connection, runtime, row, EventType.SENDER_CREATED, confirmed=confirmed)
        if confirmed:
            await tell(connection, runtime, row, EventType.SENDER_CONFIRMED)
        about = {"email": row["email"], "confirmed": confirmed}
        await audit.record(connection, caller, "sender.create", f"sender:{row['uuid']}", about)
    return _view(row if confirmed else await ask_for_confirmation(runtime, caller, row))


async def resend_confirmation(runtime: Runtime, caller: Caller, sender_uuid: UUID) -> SenderView:
    """Mails the link to confirm once more. Raises as `sender_confirmations` says."""
    return _view(await sender_confirmations.resend_confirmation(runtime, caller, sender_uuid))


async def confirm_sender(runtime: Runtime, token: str) -> SenderView:
    """The sender whose link was opened, confirmed. The token is the proof; nobody need sign in.

    Raises NotFound for a token that is none, or too old.
    """
    row = await sender_confirmations.confirm_sender(runtime, token)
    if row is None:
        raise NotFound("This confirmation is unknown, or too old; have the mail sent again.")
    return _view(row)


async def get_sender(runtime: Runtime, caller: Caller, sender_uuid: UUID) -> SenderView:
    """One sender. Raises NotFound."""
    caller.require("senders:read")
    async with runtime.database.reading() as connection:
        return _view(await _existing(connection, caller, sender_uuid))


async def page_senders(
    runtime: Runtime,
    caller: Caller,
    page: Page,
    *,
    order: str = "email",
    descending: bool = False,
) -> Paged[SenderView]:
    """Senders by address, or by what `store.senders.ORDERS` has; disabled ones among them."""
    rows, total = await _page(
        runtime, caller, page, enabled_only=False, order=order, descending=descending
    )
    return Paged([_view(row) for row in rows], total, page)


async def page_identities(runtime: Runtime, caller: Caller, page: Page) -> Paged[SenderIdentity]:
    """The senders that campaigns can use, by address."""
    rows, total = await _page(runtime, caller, page, enabled_only=True)
    found = [
        SenderIdentity(row["uuid"], row["email"], row["name"], row["reply_to"]) for row in rows
    ]
    return Paged(found, total, page)


async def change_sender(
    runtime: Runtime, caller: Caller, sender_uuid: UUID, changes: SenderChanges
) -> SenderView:
    """The sender with `changes` made. Raises NotFound, NotReady SENDER_NOT_CONFIRMED."""
    caller.require("senders:write")
    values: dict[str, object] = dict(changes)
    if "name" in changes:
        values["name"] = _name(changes["name"])
    if "reply_to" in changes:
        values["reply_to"] = parse_reply_to(changes["reply_to"], "reply_to")
    if "language" in changes:
        values["language"] = parse_locale(changes["language"], field="language")
    async with runtime.database.transaction() as connection:
        row = await _existing(connection, caller, sender_uuid)
        if changes.get("enabled") and row["confirmed_at"] is None:
            raise NotReady("This address has not been confirmed yet.", code="SENDER_NOT_CONFIRMED")
        changed = await store.change(connection, caller.tenant_id, sender_uuid, values)
        about = {"changed": sorted(changes)}
        await tell(connection, runtime, changed or row, EventType.SENDER_UPDATED, **about)
        await audit.record(connection, caller, "sender.change", f"sender:{sender_uuid}", about)
    return _view(changed or row)


async def delete_sender(runtime: Runtime, caller: Caller, sender_uuid: UUID) -> None:
    """The sender is gone. Raises NotFound, Conflict SENDER_IN_USE while a campaign names it."""
    caller.require("senders:write")
    async with runtime.database.transaction() as connection:
        row = await _existing(connection, caller, sender_uuid)
        try:
            await store.remove(connection, caller.tenant_id, sender_uuid)
        except IntegrityError:
            raise Conflict(
                "A campaign or project uses this sender; disable it instead.", code="SENDER_IN_USE"
            ) from None
        await tell(connection, runtime, row, EventType.SENDER_DELETED)
        about = {"email": row["email"]}
        await audit.record(connection, caller, "sender.delete", f"sender:{sender_uuid}", about)


async def _page(
    runtime: Runtime,
    caller: Caller,
    page: Page,
    *,
    enabled_only: bool,
    order: str = "email",
    descending: bool = False,
) -> tuple[list[Row], int]:
    caller.require("senders:read")
    async with runtime.database.reading() as connection:
        rows, total = await store.page(
            connection,
            caller.tenant_id,
            enabled_only=enabled_only,
            order=order,
            descending=descending,
            limit=page.per_page,
            offset=page.offset,
        )
    return list(rows), total


async def _existing(connection: AsyncConnection, caller: Caller, sender_uuid: UUID) -> Row:
    row = await store.get(connection, caller.tenant_id, sender_uuid)
    if row is None:
        raise NotFound("There is no such sender.")
    return row


async def _is_safe(
    runtime: Runtime, connection: AsyncConnection, caller: Caller, address: EmailAddress
) -> bool:
    if await store.is_members_address(connection, caller.tenant_id, address.key):
        return True
    domain = await domains.by_name(connection, caller.tenant_id, domain_of(address.key))
    if domain is not None and is_authenticated(domain["checks"]):
        return True
    ours = runtime.settings.smtp_url.get_secret_value()
    project = await projects.default(connection, caller.tenant_id)
    sealed = project["smtp_url_sealed"] if project is not None else None
    theirs = runtime.keys.unseal(sealed) if sealed else ours
    return all(Transport.parse(url).is_loopback for url in (ours, theirs))


def _name(text: str) -> str:
    found = text.strip()
    if not 1 <= len(found) <= NAME_LENGTH_MAX or not found.isprintable():
        raise InvalidInput.field("name", f"One line of 1 to {NAME_LENGTH_MAX} characters.")
    return found


def _view(row: Row) -> SenderView:
    return SenderView(
        uuid=row["uuid"],
        email=row["email"],
        name=row["name"],
        reply_to=row["reply_to"],
        enabled=row["enabled"],
        confirmed=row["confirmed_at"] is not None,
        language=row["language"],
        confirmed_at=row["confirmed_at"],
        confirmation_sent_at=row["confirmation_sent_at"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
