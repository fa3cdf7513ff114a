"""Up to 1,000 contacts a call, made or changed by address or external id; wrong rows are named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.webhook_event import EventType
from mailwright.errors import Conflict, InvalidInput
from mailwright.services import webhook_events
from mailwright.services.caller import Caller
from mailwright.services.contact_bulk_plan import (
    BulkContact,
    BulkRowResult,
    Plan,
    Planner,
    rejected_row,
)
from mailwright.services.contact_writing import added_to_lists
from mailwright.services.runtime import Runtime
from mailwright.services.webhook_events import Fact
from mailwright.store import contact_bulk as store
from mailwright.store import imports

__all__ = ["BULK_MAX", "BulkContact", "BulkResult", "BulkRowResult", "rejected_row"]

BULK_MAX = 1_000  # rows a call

_T = EventType
_TOLD = (
    _T.CONTACT_CREATED,
    _T.CONTACT_UPDATED,
    _T.CONTACT_ADDED_TO_LIST,
    _T.CONTACT_UNSUBSCRIBED,
    _T.CONTACT_OPTED_OUT,
    _T.CONTACT_OPTED_IN,
)


@dataclass(frozen=True, slots=True)
class BulkResult:
    """What became of a bulk call, row by row in its order."""

    created: int
    updated: int
    rejected: int
    rows: list[BulkRowResult]


async def upsert_contacts(
    runtime: Runtime,
    caller: Caller,
    rows: Sequence[BulkContact],
    *,
    refused: Sequence[BulkRowResult] = (),
    source: str | None = None,
    resubscribe: bool = False,
    dry_run: bool = False,
) -> BulkResult:
    """Makes or changes the contacts; `refused`: rows that a door could not read, to be told too.

    Nobody who left is subscribed again, unless `resubscribe` and the row say so; a suppression
    always stays. `dry_run`: tells what would become of the rows. Raises InvalidInput for too many
    rows, Conflict when somebody took an external id in the same moment.
    """
    caller.require("contacts:write")
    if len(rows) + len(refused) > BULK_MAX:
        raise InvalidInput.field("contacts", f"At most {BULK_MAX} rows a call.")
    if resubscribe and not source:
        raise InvalidInput.field("consent_source", "Say how you know that these people came back.")
    planner = Planner(caller, runtime, source or caller.door.value, resubscribe=resubscribe)
    try:
        async with runtime.database.transaction() as connection:
            await imports.take_turn(connection, caller.tenant_id)
            plans, rejected = await planner.plan(connection, rows)
            if not dry_run:
                plans, late = await carry_out(connection, runtime, caller, plans)
                rejected += late
    except asyncpg.UniqueViolationError:
        raise Conflict(
            "Somebody else changed one of these contacts in the same moment; try again."
        ) from None
    results = [*refused, *rejected, *(_result(plan, dry_run=dry_run) for plan in plans)]
    return BulkResult(
        created=sum(found.status == "created" for found in results),
        updated=sum(found.status == "updated" for found in results),
        rejected=sum(found.status == "rejected" for found in results),
        rows=sorted(results, key=lambda found: found.index),
    )


async def carry_out(
    connection: AsyncConnection, runtime: Runtime, caller: Caller, plans: Sequence[Plan]
) -> tuple[list[Plan], list[BulkRowResult]]:
    """Makes and changes the contacts, in the transaction in which they were planned.

    The plans that were carried out, and the rows whose contact somebody else just made.
    """
    tenant_id = caller.tenant_id
    ids = {plan.uuid: plan.contact_id for plan in plans if plan.contact_id is not None}
    await store.change(connection, tenant_id, [plan.values for plan in plans if plan.uuid in ids])
    new = [plan.values for plan in plans if plan.uuid not in ids]
    ids |= await store.add(connection, tenant_id, new)
    done = [(ids[plan.uuid], plan) for plan in plans if plan.uuid in ids]
    pairs = sorted((list_id, who) for who, plan in done for list_id in plan.list_ids)
    joined = await store.join(connection, tenant_id, pairs)
    agreed = [
        {
            "contact_id": who,
            "consent": plan.consent,
            "source": plan.source,
            "actor": caller.actor,
            "door": caller.door.value,
        }
        for who, plan in done
        if plan.consent
    ]
    await store.record_consents(connection, tenant_id, agreed)
    await _tell(connection, runtime, caller, done, joined)
    message = "Somebody else just took its address or external id; try again."
    late = [
        rejected_row(plan.index, {"email": [message]}) for plan in plans if plan.uuid not in ids
    ]
    return [plan for _, plan in done], late


async def _tell(
    connection: AsyncConnection,
    runtime: Runtime,
    caller: Caller,
    done: Sequence[tuple[int, Plan]],
    joined: Sequence[tuple[int, int]],
) -> None:
    """Tells what became of everybody, where somebody listens."""
    if not await webhook_events.is_heard(connection, caller.tenant_id, *_TOLD):
        return
    now, facts = runtime.now(), list[Fact]()
    lists_of: dict[int, list[int]] = {}
    for list_id, who in joined:
        lists_of.setdefault(who, []).append(list_id)
    for who, plan in done:
        type_ = _T.CONTACT_UPDATED if plan.contact_id is not None else _T.CONTACT_CREATED
        data = {"source": plan.source}
        facts.append(Fact(caller.tenant_id, type_, now, contact_id=who, data=data))
        list_ids = lists_of.get(who, ())
        facts += added_to_lists(caller, who, list_ids, now, source=plan.source)
        if plan.contact_id is not None and plan.consent == "unsubscribed":
            at = plan.values["unsubscribed_at"]
            facts += webhook_events.left(caller.tenant_id, who, at, plan.source)
        elif plan.contact_id is not None and plan.consent == "subscribed":
            facts.append(webhook_events.opted_in(caller.tenant_id, who, now, plan.source))
    await webhook_events.emit(connection, facts)


def _result(plan: Plan, *, dry_run: bool) -> BulkRowResult:
    if plan.contact_id is not None:
        return BulkRowResult(plan.index, "updated", plan.uuid, None)
    return BulkRowResult(plan.index, "created", None if dry_run else plan.uuid, None)
