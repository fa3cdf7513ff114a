"""Leases: who gets which batch, and what a lost lease may still do (nothing)."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, text, update

from mailwright.domain.message_lifecycle import CLAIMABLE, MessageState
from mailwright.store import batch_endings, batches, messages, retries
from mailwright.store.batches import Lease
from mailwright.store.database import Connection, Database
from mailwright.store.messages import Outcome
from mailwright.store.tables import batches as table
from mailwright.store.tables import campaigns, fan_outs
from tests.builders import MadeTenant, make_campaign, make_message, make_project


@pytest.fixture
async def raw(database: Database) -> AsyncGenerator[Connection]:
    async with database.raw() as connection:
        yield connection


async def _campaign(
    database: Database, tenant: MadeTenant, batch_count: int = 1, **columns: object
) -> int:
    """A campaign that is sending, with batches of two messages each."""
    values: dict[str, Any] = {"state": "sending", **columns}
    made = await make_campaign(database, tenant.id, **values)
    for number in range(1, batch_count + 1):
        ids = [await make_message(database, tenant.id, campaign_id=made.id) for _ in range(2)]
        async with database.transaction() as connection:
            await connection.execute(
                insert(table).values(
                    tenant_id=tenant.id,
                    campaign_id=made.id,
                    number=number,
                    first_message_id=ids[0],
                    last_message_id=ids[1],
                    message_count=2,
                )
            )
    async with database.transaction() as connection:
        await connection.execute(
            insert(fan_outs).values(
                tenant_id=tenant.id, campaign_id=made.id, next_batch_number=batch_count + 1
            )
        )
    return made.id


async def _claim(raw: Connection, *, busy: tuple[str, ...] = (), after: int = 0) -> Lease | None:
    return await batches.claim(
        raw, worker="w", lease_seconds=60, busy_lanes=busy, after_campaign_id=after
    )


async def _held(raw: Connection) -> Lease:
    lease = await _claim(raw)
    assert lease is not None
    return lease


def _sent(message_id: int, attempts: int = 0) -> Outcome:
    return Outcome(message_id, attempts, MessageState.SENT, reply="250 ok")


async def _record(raw: Connection, lease: Lease, *outcomes: Outcome) -> bool:
    return await messages.record(raw, lease, outcomes, in_flight=[], lease_seconds=60)


async def test_the_oldest_batch_is_claimed_first_and_only_once(
    database: Database, tenant: MadeTenant, raw: Connection
) -> None:
    await _campaign(database, tenant, 3)
    numbers = [lease.number for _ in range(3) if (lease := await _claim(raw))]
    assert numbers == [1, 2, 3]
    assert await _claim(raw) is None


@pytest.mark.parametrize("state", ["draft", "queued", "paused", "failed", "canceled", "sent"])
async def test_only_campaigns_that_are_sending_are_claimed(
    database: Database, tenant: MadeTenant, raw: Connection, state: str
) -> None:
    await _campaign(database, tenant, state=state)
    assert await _claim(raw) is None


async def test_retries_of_a_sent_campaign_are_claimed(
    database: Database, tenant: MadeTenant, raw: Connection
) -> None:
    campaign_id = await _campaign(database, tenant, 0, state="sent")
    for _ in range(3):
        await make_message(
            database,
            tenant.id,
            campaign_id=campaign_id,
            state="deferred",
            next_attempt_at=text("now() - interval '1 second'"),
        )
    assert await retries.add_due(raw, 500) == 3
    assert await retries.add_due(raw, 500) == 0
    lease = await _held(raw)
    assert lease.is_retry
    assert len(lease.message_ids or ()) == 3


async def test_retries_of_a_paused_campaign_wait(
    database: Database, tenant: MadeTenant, raw: Connection
) -> None:
    campaign_id = await _campaign(database, tenant, 0, state="paused")
    await make_message(
        database,
        tenant.id,
        campaign_id=campaign_id,
        state="deferred",
        next_attempt_at=text("now() - interval '1 second'"),
    )
    assert await retries.add_due(raw, 500) == 0


async def test_campaigns_take_turns(
    database: Database, tenant: MadeTenant, raw: Connection
) -> None:
    ids = [await _campaign(database, tenant, 5) for _ in range(3)]
    order: list[int] = []
    for _ in range(6):
        lease = await _claim(raw, after=order[-1] if order else 0)
        assert lease is not None
        order.append(lease.campaign_id)
    assert order == [*ids, *ids]


async def test_a_lane_that_is_busy_and_a_project_that_is_parked_are_left_out(
    database: Database, tenant: MadeTenant, raw: Connection
) -> None:
    other = await make_project(database, tenant.id)
    await _campaign(database, tenant, 2)
    second = await _campaign(database, tenant, project_id=other.id)
    lease = await _held(raw)
    next_lane = await _claim(raw, busy=(lease.lane,))
    assert next_lane is not None
    assert next_lane.campaign_id == second
    await raw.execute("UPDATE projects SET outage_retry_at = now() + interval '1 minute'")
    assert await _claim(raw) is None


async def test_a_lease_that_is_over_is_claimed_by_somebody_else_with_a_higher_fence(
    database: Database, tenant: MadeTenant, raw: Connection
) -> None:
    await _campaign(database, tenant)
    first = await _held(raw)
    assert await _claim(raw) is None
    await raw.execute("UPDATE batches SET lease_until = now() - interval '1 second'")
    second = await _held(raw)
    assert second.fence == first.fence + 1


async def test_a_worker_without_the_lease_changes_nothing(
    database: Database, tenant: MadeTenant, raw: Connection
) -> None:
    await _campaign(database, tenant)
    lease = await _held(raw)
    stale = replace(lease, fence=lease.fence - 1)
    assert not await _record(raw, stale, _sent(lease.first_message_id))
    assert not await batches.close(raw, stale)
    assert not await batches.take_over(raw, stale)
    await batches.give_back(raw, stale)
    assert await raw.fetchval("SELECT state FROM batches") == "leased"
    assert await raw.fetchval("SELECT count(*) FROM messages WHERE state = 'queued'") == 2


async def test_saying_an_outcome_twice_counts_it_once(
    database: Database, tenant: MadeTenant, raw: Connection
) -> None:
    await _campaign(database, tenant)
    lease = await _held(raw)
    deferred = Outcome(lease.first_message_id, 0, MessageState.DEFERRED, retry_seconds=60)
    for _ in range(2):
        assert await _record(raw, lease, _sent(lease.last_message_id), deferred)
    row = await raw.fetchrow("SELECT sent, deferred FROM batches")
    assert tuple(row or ()) == (1, 1)
    assert await raw.fetchval("SELECT max(attempts) FROM messages") == 1


async def test_an_outcome_is_final(database: Database, tenant: MadeTenant, raw: Connection) -> None:
    await _campaign(database, tenant)
    lease = await _held(raw)
    await _record(raw, lease, _sent(lease.first_message_id))
    failed = Outcome(lease.first_message_id, 1, MessageState.FAILED)
    await _record(raw, lease, failed)
    states = await raw.fetch("SELECT state FROM messages ORDER BY id")
    assert [row["state"] for row in states] == ["sent", "queued"]


async def test_a_batch_is_closed_only_when_every_row_has_its_outcome(
    database: Database, tenant: MadeTenant, raw: Connection
) -> None:
    await _campaign(database, tenant)
    lease = await _held(raw)
    await _record(raw, lease, _sent(lease.first_message_id))
    assert not await batches.close(raw, lease)
    await _record(raw, lease, _sent(lease.last_message_id))
    assert await batches.close(raw, lease)


async def test_what_a_dead_worker_may_have_sent_is_unknown_when_its_campaign_is_canceled(
    database: Database, tenant: MadeTenant, raw: Connection
) -> None:
    campaign_id = await _campaign(database, tenant, state="canceled")
    async with database.transaction() as connection:
        await connection.execute(
            update(table).values(
                state="leased",
                in_flight=text("ARRAY[first_message_id]"),
                lease_until=text("now() - interval '1 second'"),
            )
        )
    ended = await batch_endings.end(
        raw, tenant.id, campaign_id, limit=10, state="canceled", reason=None
    )
    assert ended == 1
    rows = await raw.fetch("SELECT state, reason FROM messages ORDER BY id")
    assert [tuple(row) for row in rows] == [("failed", "outcome_unknown"), ("canceled", None)]


async def test_a_living_workers_batch_is_not_ended_under_its_hands(
    database: Database, tenant: MadeTenant, raw: Connection
) -> None:
    campaign_id = await _campaign(database, tenant)
    await _held(raw)
    async with database.transaction() as connection:
        await connection.execute(update(campaigns).values(state="canceled"))
    ended = await batch_endings.end(
        raw, tenant.id, campaign_id, limit=10, state="canceled", reason=None
    )
    assert ended == 0


async def test_sharers_are_the_workers_of_one_transport(
    database: Database, tenant: MadeTenant, raw: Connection
) -> None:
    other = await make_project(database, tenant.id)
    await _campaign(database, tenant, 3)
    await _campaign(database, tenant, 1, project_id=other.id)
    leases = [
        await batches.claim(
            raw, worker=worker, lease_seconds=60, busy_lanes=(), after_campaign_id=0
        )
        for worker in ("a", "b", "b", "c")
    ]
    assert leases[0] is not None
    assert leases[3] is not None
    assert await batches.sharers(raw, leases[0]) == 2
    assert await batches.sharers(raw, leases[3]) == 1


def test_the_statements_take_messages_from_the_states_the_lifecycle_allows() -> None:
    source = "".join(Path(module.__file__ or "").read_text() for module in (messages, batches))
    found = re.findall(r"m\.state IN \(([^)]*)\)", source)
    assert len(found) == 2
    for words in found:
        assert set(re.findall(r"'(\w+)'", words)) == set(CLAIMABLE)
