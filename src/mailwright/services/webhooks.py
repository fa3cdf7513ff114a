"""Webhook endpoints: where a tenant's systems are told what happened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, TypedDict
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.ids import new_id
from mailwright.domain.webhook_event import EventType, WebhookDialect
from mailwright.domain.webhook_signature import new_secret, parse_secret
from mailwright.domain.webhook_words import MailingCoreWord
from mailwright.errors import InvalidInput, NotFound
from mailwright.services import audit, webhook_events
from mailwright.services.caller import Caller
from mailwright.services.paging import Page, Paged
from mailwright.services.runtime import Runtime
from mailwright.store import lists
from mailwright.store import webhooks as store
from mailwright.store.rows import Row
from mailwright.wire.http_client import host_of, parse_target

RATE_LIMIT_MAX = 10_000
RatePeriod = Literal["second", "minute"]
ROTATION = timedelta(hours=24)  # how long a secret signs on beside the new one


@dataclass(frozen=True, slots=True)
class NewWebhook:
    """What to make. Without a `secret` one is made; without a `rate_limit` it is told at once.

    `list_uuid`: only what happens on that list, to campaigns for it and to people on it.
    """

    url: str
    events: Sequence[str]
    secret: str | None = None
    description: str | None = None
    dialect: WebhookDialect = WebhookDialect.NATIVE
    rate_limit: int | None = None
    rate_limit_period: RatePeriod | None = None
    list_uuid: UUID | None = None


@dataclass(frozen=True, slots=True)
class WebhookView:
    """An endpoint as its tenant sees it: never its secret.

    `disabled_reason` is `gone` when the receiver answered 410. Until `previous_secret_until` the
    secret before the last rotation signs, too. `rate_limit`: requests in a `rate_limit_period`.
    `list_uuid`: it hears of one list only.
    """

    uuid: UUID
    url: str
    description: str | None
    events: list[str]
    dialect: str
    list_uuid: UUID | None
    enabled: bool
    disabled_reason: str | None
    rate_limit: int | None
    rate_limit_period: str | None
    previous_secret_until: datetime | None
    created_at: datetime
    updated_at: datetime


class WebhookChanges(TypedDict, total=False):
    """The fields a call sets; absent ones stay as they are."""

    url: str
    description: str | None
    events: Sequence[str]
    enabled: bool
    rate_limit: int | None
    rate_limit_period: RatePeriod | None


async def create_webhook(
    runtime: Runtime, caller: Caller, new: NewWebhook
) -> tuple[WebhookView, str]:
    """The new endpoint and its secret, which nobody can show again. Raises InvalidInput."""
    caller.require("webhooks:write")
    async with runtime.database.transaction() as connection:
        return await create_within(connection, runtime, caller, new)


async def create_within(
    connection: AsyncConnection, runtime: Runtime, caller: Caller, new: NewWebhook
) -> tuple[WebhookView, str]:
    """The same in the caller's transaction."""
    secret = new_secret() if new.secret is None else parse_secret(new.secret)
    _check_rate(new.rate_limit)
    values: dict[str, object] = {
        "uuid": new_id(),
        "url": _url(runtime, new.url),
        "description": new.description,
        "events": _events(new.events, new.dialect),
        "dialect": str(new.dialect),
        "list_id": await _list_id(connection, caller, new.list_uuid),
        "secret_sealed": runtime.keys.seal(secret),
        "rate_limit": new.rate_limit,
        "rate_limit_period": new.rate_limit_period,
    }
    view = _view(await store.add(connection, caller.tenant_id, values))
    about = {"host": host_of(view.url), "events": view.events}
    await audit.record(connection, caller, "webhook.create", f"webhook:{view.uuid}", about)
    return view, secret


async def get_webhook(runtime: Runtime, caller: Caller, webhook_uuid: UUID) -> WebhookView:
    """One endpoint. Raises NotFound."""
    caller.require("webhooks:read")
    async with runtime.database.reading() as connection:
        return _view(await existing(connection, caller, webhook_uuid))


async def page_webhooks(
    runtime: Runtime, caller: Caller, page: Page, *, enabled: bool | None = None
) -> Paged[WebhookView]:
    """Endpoints, oldest first; `enabled`: only those that are, or are not."""
    caller.require("webhooks:read")
    async with runtime.database.reading() as connection:
        rows, total = await store.page(
            connection,
            caller.tenant_id,
            enabled=enabled,
            limit=page.per_page,
            offset=page.offset,
        )
    return Paged([_view(row) for row in rows], total, page)


async def change_webhook(
    runtime: Runtime, caller: Caller, webhook_uuid: UUID, changes: WebhookChanges
) -> WebhookView:
    """The endpoint with `changes` made; enabled again, what waited meanwhile is sent.

    Raises NotFound, InvalidInput.
    """
    caller.require("webhooks:write")
    async with runtime.database.transaction() as connection:
        return await change_within(connection, runtime, caller, webhook_uuid, changes)


async def change_within(
    connection: AsyncConnection,
    runtime: Runtime,
    caller: Caller,
    webhook_uuid: UUID,
    changes: WebhookChanges,
) -> WebhookView:
    """The same in the caller's transaction."""
    row = await existing(connection, caller, webhook_uuid)
    values: dict[str, object] = dict(changes)
    if "url" in changes:
        values["url"] = _url(runtime, changes["url"])
    if "events" in changes:
        values["events"] = _events(changes["events"], row["dialect"])
    _check_rate(changes.get("rate_limit"))
    if "enabled" in changes:
        values["disabled_reason"] = None
    changed = await store.change(connection, caller.tenant_id, webhook_uuid, values)
    if changes.get("enabled"):
        await webhook_events.wake(connection, caller.tenant_id, row["id"])
    about = {"changed": sorted(changes)}
    await audit.record(connection, caller, "webhook.change", f"webhook:{webhook_uuid}", about)
    return _view(changed or row)


async def delete_webhook(runtime: Runtime, caller: Caller, webhook_uuid: UUID) -> None:
    """The endpoint and its log are gone; nothing more is sent to it. Raises NotFound."""
    caller.require("webhooks:write")
    async with runtime.database.transaction() as connection:
        await delete_within(connection, caller, webhook_uuid)


async def delete_within(connection: AsyncConnection, caller: Caller, webhook_uuid: UUID) -> None:
    """The same in the caller's transaction."""
    if not await store.remove(connection, caller.tenant_id, webhook_uuid):
        raise _no_such()
    await audit.record(connection, caller, "webhook.delete", f"webhook:{webhook_uuid}")


async def rotate_secret(
    runtime: Runtime, caller: Caller, webhook_uuid: UUID, secret: str | None = None
) -> tuple[WebhookView, str]:
    """The endpoint and its new secret, made or given; for 24 hours both sign.

    Rotated twice within that time, only the last two do. Raises NotFound, InvalidInput.
    """
    caller.require("webhooks:write")
    secret = new_secret() if secret is None else parse_secret(secret)
    async with runtime.database.transaction() as connection:
        row = await existing(connection, caller, webhook_uuid, lock=True)
        values: dict[str, object] = {
            "secret_sealed": runtime.keys.seal(secret),
            "previous_secret_sealed": row["secret_sealed"],
            "previous_secret_until": runtime.now() + ROTATION,
        }
        changed = await store.change(connection, caller.tenant_id, webhook_uuid, values)
        await audit.record(connection, caller, "webhook.rotate-secret", f"webhook:{webhook_uuid}")
    return _view(changed or row), secret


async def get_signing_key(runtime: Runtime, caller: Caller, webhook_uuid: UUID) -> str | None:
    """The key of an endpoint in Cakemail's form, which its API shows; None for all others.

    It is shown to whoever might change it. Raises NotFound, Forbidden.
    """
    caller.require("webhooks:write")
    async with runtime.database.reading() as connection:
        row = await existing(connection, caller, webhook_uuid)
    if row["dialect"] != WebhookDialect.CAKEMAIL:
        return None
    return runtime.keys.unseal(row["secret_sealed"])


async def existing(
    connection: AsyncConnection, caller: Caller, webhook_uuid: UUID, *, lock: bool = False
) -> Row:
    """The endpoint's row. Raises NotFound."""
    row = await store.get(connection, caller.tenant_id, webhook_uuid, lock=lock)
    if row is None:
        raise _no_such()
    return row


async def _list_id(
    connection: AsyncConnection, caller: Caller, list_uuid: UUID | None
) -> int | None:
    if list_uuid is None:
        return None
    found = await lists.ids_of(connection, caller.tenant_id, [list_uuid])
    if list_uuid not in found:
        raise InvalidInput.field("list_uuid", "There is no such list.")
    return found[list_uuid]


def _no_such() -> NotFound:
    return NotFound("There is no such webhook.")


def _url(runtime: Runtime, text: str) -> str:
    allow_private = runtime.settings.allow_private_targets == "on"
    return str(parse_target(text, allow_private=allow_private))


def _check_rate(limit: int | None) -> None:
    if limit is not None and not 1 <= limit <= RATE_LIMIT_MAX:
        raise InvalidInput.field("rate_limit", f"1 to {RATE_LIMIT_MAX}.")


def _events(words: Sequence[str], dialect: str) -> list[str]:
    """The types in the order of the table, each once; of a vendor with few words, those few."""
    unknown = sorted(set(words) - set(EventType))
    if unknown:
        raise InvalidInput.field("events", f"Unknown events: {', '.join(unknown)}.")
    if dialect == WebhookDialect.MAILINGCORE and (foreign := set(words) - set(MailingCoreWord)):
        told = ", ".join(sorted(foreign))
        raise InvalidInput.field("events", f"MailingCore's receivers do not know: {told}.")
    if not words:
        raise InvalidInput.field("events", "Choose at least one event.")
    return [str(word) for word in EventType if word in words]


def _view(row: Row) -> WebhookView:
    return WebhookView(
        uuid=row["uuid"],
        url=row["url"],
        description=row["description"],
        events=row["events"],
        dialect=row["dialect"],
        list_uuid=row["list_uuid"],
        enabled=row["enabled"],
        disabled_reason=row["disabled_reason"],
        rate_limit=row["rate_limit"],
        rate_limit_period=row["rate_limit_period"],
        previous_secret_until=row["previous_secret_until"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
