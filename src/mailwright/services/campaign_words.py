"""What a campaign says, written down as a revision whenever it was saved.

Subject, preheader and body are its words. Saving the same words again is no new revision; of many,
the newest `REVISIONS_KEPT` stay.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.services import bodies
from mailwright.services.caller import Caller
from mailwright.store import campaign_bodies as body_store
from mailwright.store import campaign_revisions as store
from mailwright.store import campaigns as campaign_store
from mailwright.store.rows import Row

REVISIONS_KEPT = 100  # of a campaign; somebody who saves every minute gets an hour and a half back

#: The words beside the body.
LINES = ("subject", "preheader")


async def keep(
    connection: AsyncConnection, caller: Caller, campaign_id: int, *, now: datetime
) -> None:
    """Writes down what the campaign says now, where that is new. Its row is held by the caller."""
    tenant_id = caller.tenant_id
    said = await _words(connection, tenant_id, campaign_id)
    digest = _digest(said)
    last = await store.last(connection, tenant_id, campaign_id)
    if (last is None and not any(said.values())) or (last and last["digest"] == digest):
        return
    number = (last["number"] if last else 0) + 1
    who = {"actor": caller.actor, "door": str(caller.door), "saved_at": now}
    values = {**said, **who, "number": number, "digest": digest}
    await store.add(connection, tenant_id, campaign_id, values)
    if number > REVISIONS_KEPT:
        await store.forget(connection, tenant_id, campaign_id, up_to=number - REVISIONS_KEPT)


async def _words(
    connection: AsyncConnection, tenant_id: int, campaign_id: int
) -> dict[str, object]:
    campaign = await campaign_store.get(connection, tenant_id, campaign_id)
    assert campaign is not None
    body: Row = await body_store.get(connection, tenant_id, campaign_id) or {}
    return {
        **{name: campaign[name] for name in LINES},
        **{name: body.get(name) for name in bodies.COLUMNS},
    }


def _digest(said: dict[str, object]) -> str:
    return hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()
