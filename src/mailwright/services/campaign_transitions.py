"""Moving a campaign from one state to the next: the only way, for people and engine alike.

Take the row, ask the table what follows, save by compare-and-set, write down who did it. All in the
caller's transaction, so that the change and the job it causes happen together or not at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.campaign_lifecycle import CampaignEvent, CampaignState, advance
from mailwright.domain.doors import RULES
from mailwright.domain.webhook_event import OF_CAMPAIGN, OF_CAMPAIGN_STEP
from mailwright.errors import Conflict, NotFound
from mailwright.services import webhook_events
from mailwright.services.caller import Caller
from mailwright.services.runtime import Runtime
from mailwright.services.webhook_events import Fact
from mailwright.store import campaign_transitions as history
from mailwright.store import campaigns as store
from mailwright.store.database import sqlstate
from mailwright.store.rows import Row

_LOCK_NOT_AVAILABLE = "55P03"

_E = CampaignEvent

#: The times that an event sets to the present, and those it clears.
_STAMPED: Mapping[CampaignEvent, tuple[str, ...]] = {
    _E.SCHEDULE: ("schedule_set_at",),
    _E.SEND: ("queued_at", "schedule_set_at"),
    _E.DUE: ("queued_at",),
    _E.START: ("started_at",),
    _E.FINISH: ("finished_at",),
    _E.FAIL: ("finished_at",),
    _E.CANCEL: ("finished_at",),
}
_CLEARED: Mapping[CampaignEvent, tuple[str, ...]] = {
    _E.SEND: ("scheduled_at", "finished_at"),
    _E.SCHEDULE: ("finished_at",),
    _E.UNSCHEDULE: ("scheduled_at", "schedule_set_at"),
}


async def take(
    connection: AsyncConnection,
    caller: Caller,
    campaign_id: int,
    *,
    wait_seconds: float | None = None,
) -> Row:
    """The campaign's row, held until the transaction ends. `wait_seconds`: None: the door's.

    Raises NotFound, or Conflict CAMPAIGN_TRANSITION_IN_PROGRESS when somebody holds it for longer.
    """
    if wait_seconds is None:
        wait_seconds = RULES[caller.door].transition_wait_seconds
    try:
        row = await store.lock(connection, caller.tenant_id, campaign_id, wait_seconds=wait_seconds)
    except DBAPIError as error:
        if sqlstate(error) != _LOCK_NOT_AVAILABLE:
            raise
        raise _in_progress() from None
    if row is None:
        raise NotFound("There is no such campaign.")
    return row


async def move(
    connection: AsyncConnection,
    runtime: Runtime,
    caller: Caller,
    row: Row,
    event: CampaignEvent,
    *,
    reason: str | None = None,
    values: Mapping[str, object] | None = None,
) -> Row:
    """The row after `event`. Raises Conflict with the event's code where the table has no move.

    `reason` is shown while the new state lasts; `values` are further columns set along with it.
    """
    state = CampaignState(row["state"])
    following = advance(state, event)
    now = runtime.now()
    changes = {
        **_times(row, event, now),
        **(values or {}),
        "state": str(following),
        "state_reason": reason,
        "updated_at": now,
    }
    saved = await store.save_if_state(connection, row["tenant_id"], row["id"], str(state), changes)
    if saved is None:
        raise _in_progress()
    step = {
        "event": str(event),
        "from_state": str(state),
        "to_state": str(following),
        "reason": reason,
        "actor": caller.actor,
        "door": str(caller.door),
        "at": now,
    }
    await history.add(connection, row["tenant_id"], row["id"], step)
    type_ = OF_CAMPAIGN_STEP.get(event) or OF_CAMPAIGN.get(following)
    if type_ is not None:
        told = Fact(
            row["tenant_id"],
            type_,
            now,
            campaign_id=row["id"],
            data={"status": str(following), "reason": reason},
        )
        await webhook_events.emit(connection, [told])
    return saved


async def apply(
    connection: AsyncConnection,
    runtime: Runtime,
    caller: Caller,
    campaign_id: int,
    event: CampaignEvent,
    *,
    reason: str | None = None,
    values: Mapping[str, object] | None = None,
) -> Row:
    """Takes the row and moves it; the row after `event`. Raises what `take` and `move` raise."""
    row = await take(connection, caller, campaign_id)
    return await move(connection, runtime, caller, row, event, reason=reason, values=values)


def _times(row: Row, event: CampaignEvent, now: datetime) -> dict[str, datetime | None]:
    stamped = dict.fromkeys(_STAMPED.get(event, ()), now)
    if row["started_at"] is not None:  # sent again or resumed: the first start counts
        stamped.pop("started_at", None)
    return {**dict.fromkeys(_CLEARED.get(event, ())), **stamped}


def _in_progress() -> Conflict:
    return Conflict(
        "Another change of this campaign is being made; try again in a moment.",
        code="CAMPAIGN_TRANSITION_IN_PROGRESS",
    )
