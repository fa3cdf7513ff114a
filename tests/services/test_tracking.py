"""Opens and clicks in batches: people and times, first times, links, verdicts."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import func, insert, select

from mailwright.domain.ids import new_id
from mailwright.errors import DatabaseUnreachable
from mailwright.services import recipients, reports, tracking
from mailwright.services.caller import Caller
from mailwright.services.paging import Page
from mailwright.services.runtime import Runtime
from mailwright.services.tracking import Hit, TrackingBuffer, record_hits
from mailwright.store import tables
from mailwright.store.database import Database
from tests.builders import Made, MadeTenant, make_campaign, make_contact, make_message
from tests.clock import Clock


class Ledger:
    """A campaign of three recipients and two links."""

    def __init__(self, tenant_id: int, campaign: Made, messages: list[int], clock: Clock) -> None:
        self.tenant_id, self.campaign_uuid, self.messages = tenant_id, campaign.uuid, messages
        self._clock = clock

    def open(self, index: int) -> Hit:
        return Hit(self.tenant_id, self.messages[index], self._clock(), {"agent": "test"})

    def click(self, index: int, link: int) -> Hit:
        data = {"agent": "test", "url": f"https://example.com/{link}"}
        return Hit(self.tenant_id, self.messages[index], self._clock(), data, link)


@pytest.fixture
async def ledger(database: Database, tenant: MadeTenant, clock: Clock) -> Ledger:
    campaign = await make_campaign(database, tenant.id)
    messages: list[int] = []
    for _ in range(3):
        contact = await make_contact(database, tenant.id)
        messages.append(
            await make_message(
                database, tenant.id, campaign_id=campaign.id, contact_id=contact.id, state="sent"
            )
        )
    async with database.transaction() as connection:
        await connection.execute(
            insert(tables.campaign_links),
            [
                {
                    "tenant_id": tenant.id,
                    "campaign_id": campaign.id,
                    "number": number,
                    "uuid": new_id(),
                    "url": f"https://example.com/{number}",
                }
                for number in (1, 2)
            ],
        )
    return Ledger(tenant.id, campaign, messages, clock)


async def counters(database: Database) -> tuple[int, int, int, int]:
    async with database.reading() as connection:
        row = (await connection.execute(select(tables.campaign_counters))).one()
    return row.opened, row.opens, row.clicked, row.clicks


async def events(database: Database) -> list[Any]:
    async with database.reading() as connection:
        found = select(tables.events).order_by(tables.events.c.at, tables.events.c.id)
        return list((await connection.execute(found)).all())


@pytest.mark.checklist("U12")
async def test_people_and_times_are_counted_apart(
    runtime: Runtime, database: Database, ledger: Ledger
) -> None:
    await record_hits(runtime, [ledger.open(0), ledger.open(0), ledger.open(1)])
    await record_hits(runtime, [ledger.open(0)])
    assert await counters(database) == (2, 4, 0, 0)


async def test_only_the_first_time_is_written_on_the_ledger_row(
    runtime: Runtime, database: Database, ledger: Ledger, clock: Clock
) -> None:
    first = clock()
    await record_hits(runtime, [ledger.open(0)])
    clock.advance(hours=1)
    await record_hits(runtime, [ledger.open(0), ledger.click(0, 1)])
    async with database.reading() as connection:
        row = (
            await connection.execute(
                select(tables.messages).where(tables.messages.c.id == ledger.messages[0])
            )
        ).one()
    assert (row.opened_at, row.clicked_at) == (first, clock())


@pytest.mark.checklist("U12")
async def test_a_click_implies_an_open_which_is_an_event_too(
    runtime: Runtime, database: Database, ledger: Ledger
) -> None:
    await record_hits(runtime, [ledger.click(0, 1), ledger.click(0, 2), ledger.open(0)])
    assert await counters(database) == (1, 2, 1, 2)
    told = [(row.kind, row.data.get("implied_by")) for row in await events(database)]
    assert told == [
        ("opened", "click"),
        ("clicked", None),
        ("clicked", None),
        ("opened", None),
    ]


@pytest.mark.checklist("Z38", "U12")
async def test_links_count_clicks_and_the_people_behind_them(
    runtime: Runtime, database: Database, ledger: Ledger, caller: Caller
) -> None:
    await record_hits(runtime, [ledger.click(0, 1), ledger.click(0, 1), ledger.click(1, 1)])
    await record_hits(runtime, [ledger.click(0, 1), ledger.click(2, 2)])
    shown = await reports.page_link_clicks(runtime, caller, ledger.campaign_uuid, Page())
    found = [(link.url, link.clicks, link.unique_clicks) for link in shown.items]
    assert found == [("https://example.com/1", 4, 2), ("https://example.com/2", 1, 1)]


@pytest.mark.checklist("Z37", "U12")
async def test_recipients_and_report_show_how_each_engaged(
    runtime: Runtime, ledger: Ledger, caller: Caller, clock: Clock
) -> None:
    await record_hits(runtime, [ledger.open(0), ledger.click(1, 1)])
    wanted = recipients.recipient_filter()
    shown = await recipients.page_recipients(runtime, caller, ledger.campaign_uuid, Page(), wanted)
    engaged = [(row.engagement.opened, row.engagement.clicked) for row in shown.items]
    assert engaged == [(True, False), (True, True), (False, False)]
    assert shown.items[0].engagement.opened_at == clock()
    report = await reports.get_report(runtime, caller, ledger.campaign_uuid)
    assert (report.opened, report.opens, report.clicked, report.clicks) == (2, 2, 1, 1)


@pytest.mark.checklist("U12")
async def test_counts_equal_events_whoever_writes_at_once(
    runtime: Runtime, database: Database, ledger: Ledger
) -> None:
    hits = [ledger.open(i % 3) for i in range(60)] + [
        ledger.click(i % 3, i % 2 + 1) for i in range(60)
    ]
    batches = [hits[i::6] for i in range(6)]
    await asyncio.gather(*(record_hits(runtime, batch) for batch in batches))
    opened, opens, clicked, clicks = await counters(database)
    kinds = [row.kind for row in await events(database)]
    assert (opened, clicked) == (3, 3)
    assert (opens, clicks) == (kinds.count("opened"), kinds.count("clicked"))
    assert clicks == 60


async def test_hits_of_unknown_rows_are_dropped_in_silence(
    runtime: Runtime, database: Database, ledger: Ledger
) -> None:
    foreign = Hit(ledger.tenant_id + 1, ledger.messages[0], runtime.now(), {})
    unknown = Hit(ledger.tenant_id, 10**12, runtime.now(), {}, 1)
    await record_hits(runtime, [foreign, unknown])
    assert await events(database) == []
    await record_hits(runtime, [unknown, ledger.open(0)])
    assert len(await events(database)) == 1


async def test_single_mails_have_events_but_no_campaign_to_count_for(
    runtime: Runtime, database: Database, tenant: MadeTenant
) -> None:
    message = await make_message(database, tenant.id, state="sent")
    await record_hits(runtime, [Hit(tenant.id, message, runtime.now(), {}, 1)])
    assert [row.kind for row in await events(database)] == ["opened", "clicked"]
    async with database.reading() as connection:
        counted = select(func.count()).select_from(tables.campaign_counters)
        assert await connection.scalar(counted) == 0


async def test_the_buffer_writes_by_itself_within_half_a_second(
    runtime: Runtime, database: Database, ledger: Ledger
) -> None:
    buffer = TrackingBuffer(runtime)
    buffer.add(ledger.open(0))
    async with asyncio.timeout(2):
        while not await events(database):  # noqa: ASYNC110  # the database changes, no event
            await asyncio.sleep(0.05)
    await buffer.close()


async def test_a_full_buffer_is_written_at_once_and_closing_writes_the_rest(
    runtime: Runtime, database: Database, ledger: Ledger
) -> None:
    buffer = TrackingBuffer(runtime)
    for _ in range(tracking.FLUSH_HITS + 7):
        buffer.add(ledger.open(0))
    await buffer.close()
    assert (await counters(database))[1] == tracking.FLUSH_HITS + 7


async def test_hits_survive_a_database_that_is_away_for_a_moment(
    runtime: Runtime, database: Database, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[int] = []
    real = tracking.record_hits

    async def unreachable_once(runtime: Runtime, hits: list[Hit]) -> None:
        tries.append(len(hits))
        if len(tries) == 1:
            raise DatabaseUnreachable("away")
        await real(runtime, hits)

    monkeypatch.setattr(tracking, "record_hits", unreachable_once)
    monkeypatch.setattr(tracking, "RETRY_SECONDS", 0.01)
    monkeypatch.setattr(tracking, "FLUSH_SECONDS", 0.01)
    buffer = TrackingBuffer(runtime)
    buffer.add(ledger.open(0))
    await asyncio.sleep(0.2)
    await buffer.close()
    assert len(await events(database)) == 1
