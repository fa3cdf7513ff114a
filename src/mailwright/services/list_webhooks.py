"""A list's own webhook: one address that is told of the list, of campaigns for it and its people.

It is a webhook like any other, with its key, its log and its repeats, made and changed through the
list; `webhooks` shows it, too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.webhook_event import WebhookDialect
from mailwright.errors import InvalidInput
from mailwright.services import webhooks
from mailwright.services.caller import Caller
from mailwright.services.runtime import Runtime
from mailwright.services.webhooks import NewWebhook, WebhookChanges
from mailwright.store.rows import Row

URL = "webhook.url"


@dataclass(frozen=True, slots=True)
class ListHook:
    """What a list's webhook is to be. `url`: None: as it is; `said`: in the words of the door."""

    url: str | None
    events: Sequence[str]
    said: Mapping[str, Any]
    dialect: WebhookDialect


async def keep(
    connection: AsyncConnection, runtime: Runtime, caller: Caller, row: Row, hook: ListHook | None
) -> dict[str, Any] | None:
    """Makes, changes or, for None, deletes the webhook of the list of `row`; what the list keeps.

    Raises InvalidInput for an address that may not be called, or a new one without any.
    """
    caller.require("webhooks:write")
    there = present(row)
    if hook is None:
        if there is not None:
            await webhooks.delete_within(connection, caller, there)
        return None
    try:
        if there is None:
            there = await _made(connection, runtime, caller, row, hook)
        else:
            changes = WebhookChanges(events=hook.events, enabled=True)
            if hook.url is not None:
                changes["url"] = hook.url
            await webhooks.change_within(connection, runtime, caller, there, changes)
    except InvalidInput as error:
        raise InvalidInput.field(URL, error.message) from None
    return {**hook.said, "webhook_uuid": str(there)}


def present(row: Row) -> UUID | None:
    """The webhook that the list of `row` has, if it was not deleted since."""
    return UUID(row["webhook"]["webhook_uuid"]) if row["webhook_url"] else None


def said(row: Row) -> dict[str, Any] | None:
    """The webhook of the list of `row`, as its door said it, at the address it has now."""
    if not row["webhook_url"]:
        return None
    kept = {name: value for name, value in row["webhook"].items() if name != "webhook_uuid"}
    return {"url": row["webhook_url"], **kept}


async def _made(
    connection: AsyncConnection, runtime: Runtime, caller: Caller, row: Row, hook: ListHook
) -> UUID:
    if hook.url is None:
        raise InvalidInput("Give the address that is to be called.")
    new = NewWebhook(
        hook.url,
        hook.events,
        description=f"List {row['name']}"[:255],
        dialect=hook.dialect,
        list_uuid=row["uuid"],
    )
    view, _ = await webhooks.create_within(connection, runtime, caller, new)
    return view.uuid
