"""Leaving and coming back, by the link in a mail: the token is the permission.

One transaction does all of it: the contact's consent, the list the campaign went to, the history of
consents, the ledger row, the campaign's count, the event. It is committed before anybody hears of
it, and the engine reads consent at its next look, so nothing is sent afterwards. Doing it twice
counts once. Behind it: RFC 8058; 16 CFR 316.5; GDPR Art. 7(3), as easy to withdraw as to give.

A single mail may go to somebody who is no contact. Of a stranger there is no consent to take back,
so their address is suppressed for marketing: it holds for a contact that is made of it later.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.doors import Door
from mailwright.domain.email_address import email_key_of
from mailwright.domain.email_event import EventKind
from mailwright.domain.tokens import Unsubscribe
from mailwright.services import logos, suppressions, webhook_events
from mailwright.services.runtime import Runtime
from mailwright.store import consents, contacts, event_log, list_settings
from mailwright.store import logos as logo_store
from mailwright.store import unsubscribes as store
from mailwright.store.rows import Row


class Standing(StrEnum):
    """How somebody stands towards the sender, as their page tells it."""

    SUBSCRIBED = "subscribed"
    UNSUBSCRIBED = "unsubscribed"
    TEST = "test"  # the link of a test mail: there is nobody to change
    GONE = "gone"  # the contact was deleted: there is nothing left to change


@dataclass(frozen=True, slots=True)
class SubscriptionView:
    """What a page shows. `can_return`: this very link may take the unsubscribe back."""

    standing: Standing
    tenant_name: str
    email: str = ""
    locale: str | None = None
    can_return: bool = False
    logo: str | None = None  # the path of the tenant's


async def get_subscription(runtime: Runtime, link: Unsubscribe) -> SubscriptionView:
    """How the person of `link` stands now. Changes nothing."""
    async with runtime.database.reading() as connection:
        return await _view(connection, await _of_contact(connection, link))


async def unsubscribe(runtime: Runtime, link: Unsubscribe, *, source: str) -> SubscriptionView:
    """The person of `link` gets no more marketing mail. `source`: `one_click` or `page`."""
    async with runtime.database.transaction() as connection:
        link = await _of_contact(connection, link)
        await leave(connection, runtime, link, source=source)
        return await _view(connection, link)


async def leave(
    connection: AsyncConnection, runtime: Runtime, link: Unsubscribe, *, source: str
) -> None:
    """The same in the caller's transaction; nothing where the person is off already, or gone."""
    if not link.contact_id:
        await _change_stranger(connection, runtime, link, leaving=True, source=source)
        return
    person = await _locked_person(connection, link)
    if person is not None and person["consent"] != "unsubscribed":
        await _change(connection, runtime, link, leaving=True, source=source)


async def resubscribe(runtime: Runtime, link: Unsubscribe) -> SubscriptionView:
    """Takes back an unsubscribe that was made by this very link, and no other.

    A forwarded mail must not be a way to sign somebody up again who left for another reason.
    """
    async with runtime.database.transaction() as connection:
        link = await _of_contact(connection, link)
        if not link.contact_id:
            await _change_stranger(connection, runtime, link, leaving=False, source="page")
        person = await _locked_person(connection, link)
        if person is not None and person["consent"] == "unsubscribed":
            message = await store.message(
                connection, link.message.tenant_id, link.message.message_id
            )
            if _left_by(message):
                await _change(connection, runtime, link, leaving=False, source="page")
        return await _view(connection, link)


async def _of_contact(connection: AsyncConnection, link: Unsubscribe) -> Unsubscribe:
    """The link, for the contact that a stranger has become since their mail was sent."""
    if link.contact_id or not link.message.message_id:
        return link
    tenant_id = link.message.tenant_id
    message = await store.message(connection, tenant_id, link.message.message_id)
    if message is None:
        return link
    key = email_key_of(message["email"])
    contact_id = await contacts.id_of_address(connection, tenant_id, key)
    return replace(link, contact_id=contact_id or 0)


async def onward_after(runtime: Runtime, link: Unsubscribe) -> str | None:
    """The page of the tenant's on which who left goes on: that of the campaign's list, or None."""
    async with runtime.database.reading() as connection:
        found = await list_settings.redirections_of(
            connection, link.message.tenant_id, campaign_id=link.campaign_id
        )
    return found.get("after_opt_out")


async def _locked_person(connection: AsyncConnection, link: Unsubscribe) -> Row | None:
    if link.message.message_id == 0:
        return None
    return await store.person(connection, link.message.tenant_id, link.contact_id, lock=True)


async def _change(
    connection: AsyncConnection, runtime: Runtime, link: Unsubscribe, *, leaving: bool, source: str
) -> None:
    tenant_id, now = link.message.tenant_id, runtime.now()
    state = "unsubscribed" if leaving else "subscribed"
    values: dict[str, object] = {"consent": state, "unsubscribed_at": now if leaving else None}
    if not leaving:
        values |= {"opted_in_at": now, "consent_source": source}
    await contacts.change(connection, tenant_id, link.contact_id, values)
    await consents.record(
        connection,
        tenant_id,
        link.contact_id,
        consent=state,
        source=source,
        actor="recipient",
        door=Door.PUBLIC.value,
    )
    await store.set_membership(
        connection,
        tenant_id,
        link.contact_id,
        campaign_id=link.campaign_id,
        message_id=link.message.message_id,
        state=state,
        now=now,
    )
    message = await store.message(connection, tenant_id, link.message.message_id)
    if message is not None and _left_by(message) != leaving:
        marked = now if leaving else None
        await store.mark_message(connection, tenant_id, link.message.message_id, marked)
        if link.campaign_id:
            await store.count(connection, tenant_id, link.campaign_id, 1 if leaving else -1)
    await event_log.add(
        connection,
        tenant_id,
        at=now,
        kind=EventKind.UNSUBSCRIBED if leaving else EventKind.RESUBSCRIBED,
        message_id=link.message.message_id,
        campaign_id=link.campaign_id or None,
        contact_id=link.contact_id,
        data={"source": source},
    )
    if leaving:
        left = webhook_events.left(
            tenant_id,
            link.contact_id,
            now,
            source,
            message_id=link.message.message_id,
            campaign_id=link.campaign_id or None,
        )
        await webhook_events.emit(connection, left)
    else:
        back = webhook_events.opted_in(tenant_id, link.contact_id, now, source)
        await webhook_events.emit(connection, [back])


async def _change_stranger(
    connection: AsyncConnection, runtime: Runtime, link: Unsubscribe, *, leaving: bool, source: str
) -> None:
    """The address of a mail to nobody's contact gets no marketing, or may get some again."""
    tenant_id, message_id, now = link.message.tenant_id, link.message.message_id, runtime.now()
    row = await store.message(connection, tenant_id, message_id, lock=True)
    if row is None or _left_by(row) == leaving:
        return
    key = email_key_of(row["email"])
    if leaving:
        await suppressions.suppress(
            connection,
            tenant_id,
            key,
            reason="unsubscribe",
            scope="marketing",
            source="recipient",
            now=now,
            evidence={"message_id": message_id},
        )
    else:
        await suppressions.lift_unsubscribe(connection, tenant_id, key, now=now)
    await store.mark_message(connection, tenant_id, message_id, now if leaving else None)
    await event_log.add(
        connection,
        tenant_id,
        at=now,
        kind=EventKind.UNSUBSCRIBED if leaving else EventKind.RESUBSCRIBED,
        message_id=message_id,
        campaign_id=None,
        contact_id=None,
        data={"source": source},
    )
    if leaving:
        left = webhook_events.left(tenant_id, None, now, source, message_id=message_id)
        await webhook_events.emit(connection, left)


async def _view(connection: AsyncConnection, link: Unsubscribe) -> SubscriptionView:
    view = await _standing(connection, link)
    logo = await logo_store.name_of(connection, link.message.tenant_id)
    return replace(view, logo=logos.path_of(logo))


async def _standing(connection: AsyncConnection, link: Unsubscribe) -> SubscriptionView:
    tenant_id = link.message.tenant_id
    name = await store.tenant_name(connection, tenant_id) or ""
    if link.message.message_id == 0:
        return SubscriptionView(Standing.TEST, name)
    if not link.contact_id:
        return await _strangers_view(connection, link, name)
    person = await store.person(connection, tenant_id, link.contact_id)
    if person is None:
        return SubscriptionView(Standing.GONE, name)
    if person["consent"] != "unsubscribed":
        return SubscriptionView(Standing.SUBSCRIBED, name, person["email"], person["locale"])
    message = await store.message(connection, tenant_id, link.message.message_id)
    return SubscriptionView(
        Standing.UNSUBSCRIBED, name, person["email"], person["locale"], _left_by(message)
    )


async def _strangers_view(
    connection: AsyncConnection, link: Unsubscribe, tenant_name: str
) -> SubscriptionView:
    row = await store.message(connection, link.message.tenant_id, link.message.message_id)
    if row is None:
        return SubscriptionView(Standing.GONE, tenant_name)
    left = _left_by(row)
    standing = Standing.UNSUBSCRIBED if left else Standing.SUBSCRIBED
    return SubscriptionView(standing, tenant_name, row["email"], can_return=left)


def _left_by(message: Row | None) -> bool:
    return message is not None and message["unsubscribed_at"] is not None
