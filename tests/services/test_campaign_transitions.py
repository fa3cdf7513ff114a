"""One way to move a campaign: locked, compared, written down."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

import pytest
from sqlalchemy import select, update

from mailwright.domain.campaign_lifecycle import CampaignEvent as E
from mailwright.domain.doors import Door
from mailwright.errors import Conflict, NotFound
from mailwright.services import campaign_transitions as service
from mailwright.services.caller import Caller
from mailwright.services.runtime import Runtime
from mailwright.store.database import Database
from mailwright.store.rows import Row
from mailwright.store.tables import campaign_transitions, campaigns
from tests.builders import MadeTenant, make_campaign
from tests.clock import Clock


async def _state(database: Database, campaign_id: int) -> str:
    async with database.reading() as connection:
        found = await connection.scalar(
            select(campaigns.c.state).where(campaigns.c.id == campaign_id)
        )
    assert found is not None
    return found


async def _apply(runtime: Runtime, caller: Caller, campaign_id: int, event: E) -> Row:
    async with runtime.database.transaction() as connection:
        return await service.apply(connection, runtime, caller, campaign_id, event)


async def test_a_transition_is_written_down_with_who_when_and_which_door(
    runtime: Runtime, database: Database, tenant: MadeTenant, caller: Caller, clock: Clock
) -> None:
    campaign = await make_campaign(database, tenant.id)
    row = await _apply(runtime, caller, campaign.id, E.SEND)
    assert row["state"] == "queued"
    assert row["queued_at"] == clock()
    async with database.reading() as connection:
        step = (await connection.execute(select(campaign_transitions))).mappings().one()
    assert (step["event"], step["from_state"], step["to_state"]) == ("send", "draft", "queued")
    assert (step["actor"], step["door"], step["at"]) == ("key:test", "api", clock())


async def test_a_refused_transition_moves_and_writes_nothing(
    runtime: Runtime, database: Database, tenant: MadeTenant, caller: Caller
) -> None:
    campaign = await make_campaign(database, tenant.id, state="sent")
    with pytest.raises(Conflict) as refused:
        await _apply(runtime, caller, campaign.id, E.SEND)
    assert refused.value.code == "CAMPAIGN_NOT_SENDABLE"
    assert await _state(database, campaign.id) == "sent"
    async with database.reading() as connection:
        assert (await connection.execute(select(campaign_transitions))).all() == []


@pytest.mark.checklist("SEC-10")
async def test_nobody_moves_another_tenants_campaign(
    runtime: Runtime, database: Database, tenant: MadeTenant, caller: Caller
) -> None:
    campaign = await make_campaign(database, tenant.id)
    stranger = replace(caller, tenant_id=tenant.id + 1)
    with pytest.raises(NotFound):
        await _apply(runtime, stranger, campaign.id, E.SEND)
    assert await _state(database, campaign.id) == "draft"


@pytest.mark.checklist("Z26")
async def test_easymails_door_is_told_at_once_that_a_transition_is_under_way(
    runtime: Runtime, database: Database, tenant: MadeTenant, caller: Caller
) -> None:
    campaign = await make_campaign(database, tenant.id)
    async with database.transaction() as first:
        await service.apply(first, runtime, caller, campaign.id, E.SEND)
        with pytest.raises(Conflict) as refused:
            await _apply(runtime, caller, campaign.id, E.SEND)
        assert refused.value.code == "CAMPAIGN_TRANSITION_IN_PROGRESS"
    with pytest.raises(Conflict) as later:
        await _apply(runtime, caller, campaign.id, E.SEND)
    assert later.value.code == "CAMPAIGN_NOT_SENDABLE"


async def test_other_doors_wait_and_then_see_what_the_first_one_did(
    runtime: Runtime, database: Database, tenant: MadeTenant, caller: Caller
) -> None:
    campaign = await make_campaign(database, tenant.id)
    dashboard = replace(caller, door=Door.DASHBOARD)
    async with database.transaction() as first:
        await service.apply(first, runtime, caller, campaign.id, E.SEND)
        waiting = asyncio.create_task(_apply(runtime, dashboard, campaign.id, E.PAUSE))
        await asyncio.sleep(0.1)
        assert not waiting.done()
    assert (await waiting)["state"] == "paused"


async def test_other_doors_wait_two_seconds_at_most(
    runtime: Runtime, database: Database, tenant: MadeTenant, caller: Caller
) -> None:
    campaign = await make_campaign(database, tenant.id)
    engine = replace(caller, door=Door.ENGINE)
    started = time.monotonic()
    async with database.transaction() as first:
        await service.take(first, caller, campaign.id)
        with pytest.raises(Conflict) as refused:
            await _apply(runtime, engine, campaign.id, E.SEND)
    assert refused.value.code == "CAMPAIGN_TRANSITION_IN_PROGRESS"
    assert 1.9 < time.monotonic() - started < 4


async def test_rows_that_refer_to_a_campaign_can_be_written_while_it_is_held(
    runtime: Runtime, database: Database, tenant: MadeTenant, caller: Caller
) -> None:
    campaign = await make_campaign(database, tenant.id)
    async with database.transaction() as first:
        await service.take(first, caller, campaign.id)
        async with database.transaction() as second:  # a foreign-key check, as by the fan-out
            await second.execute(
                campaign_transitions.insert().values(
                    tenant_id=tenant.id,
                    campaign_id=campaign.id,
                    event="send",
                    from_state="draft",
                    to_state="queued",
                    actor="cli",
                    door="cli",
                )
            )


async def test_the_first_start_counts_and_a_new_send_clears_the_end(
    runtime: Runtime, database: Database, tenant: MadeTenant, caller: Caller, clock: Clock
) -> None:
    campaign = await make_campaign(database, tenant.id)
    await _apply(runtime, caller, campaign.id, E.SEND)
    started = clock.advance(seconds=1)
    await _apply(runtime, caller, campaign.id, E.START)
    failed = clock.advance(seconds=1)
    row = await _apply(runtime, caller, campaign.id, E.FAIL)
    assert (row["started_at"], row["finished_at"]) == (started, failed)
    row = await _apply(runtime, caller, campaign.id, E.SEND)
    assert row["finished_at"] is None
    clock.advance(seconds=1)
    row = await _apply(runtime, caller, campaign.id, E.START)
    assert row["started_at"] == started


async def test_a_state_changed_behind_the_lock_is_not_overwritten(
    runtime: Runtime, database: Database, tenant: MadeTenant, caller: Caller
) -> None:
    campaign = await make_campaign(database, tenant.id)
    async with database.transaction() as connection:
        row = await service.take(connection, caller, campaign.id)
        await connection.execute(
            update(campaigns).where(campaigns.c.id == campaign.id).values(state="canceled")
        )
        with pytest.raises(Conflict):
            await service.move(connection, runtime, caller, row, E.SEND)
    assert await _state(database, campaign.id) == "canceled"
