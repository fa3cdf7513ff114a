"""The activity log: each row once however one walks, and the filters."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, insert

from mailwright.domain.bounce_kind import BounceKind
from mailwright.domain.doors import Door
from mailwright.domain.email_event import EventKind
from mailwright.errors import InvalidInput, NotFound
from mailwright.services.caller import Caller
from mailwright.services.campaign_event_query import EventQuery
from mailwright.services.campaign_event_views import EventView
from mailwright.services.campaign_events import (
    EventPage,
    event_totals,
    list_event_totals,
    page_events,
    page_list_events,
)
from mailwright.services.paging import Page
from mailwright.services.runtime import Runtime
from mailwright.store import tables
from mailwright.store.database import Database
from tests.builders import (
    Made,
    MadeTenant,
    make_campaign,
    make_contact,
    make_list,
    make_message,
    make_tenant,
)

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


@dataclass(slots=True)
class Story:
    """A campaign that went to some people, and what is noted of it."""

    database: Database
    tenant: MadeTenant
    campaign: Made
    people: list[tuple[Made, int]] = field(default_factory=list[tuple[Made, int]])

    async def note(self, kind: str, who: int, **more: Any) -> int:
        """Writes an event down; returns its id."""
        contact, message_id = self.people[who]
        values: dict[str, Any] = {
            "tenant_id": self.tenant.id,
            "at": NOON + timedelta(minutes=who),
            "kind": kind,
            "message_id": message_id,
            "campaign_id": self.campaign.id,
            "contact_id": contact.id,
        } | more
        statement = insert(tables.events).values(values).returning(tables.events.c.id)
        async with self.database.transaction() as connection:
            return (await connection.execute(statement)).scalar_one()


async def tell(database: Database, tenant: MadeTenant, people: int = 3, **columns: Any) -> Story:
    story = Story(database, tenant, await make_campaign(database, tenant.id, **columns))
    for number in range(people):
        contact = await make_contact(
            database, tenant.id, f"p{number}-{story.campaign.id}@x.example"
        )
        message_id = await make_message(
            database,
            tenant.id,
            campaign_id=story.campaign.id,
            contact_id=contact.id,
            email=f"p{number}-{story.campaign.id}@x.example",
        )
        story.people.append((contact, message_id))
    return story


@pytest.fixture
async def story(database: Database, tenant: MadeTenant) -> Story:
    return await tell(database, tenant)


async def read(
    runtime: Runtime, caller: Caller, story: Story, page: int = 1, per_page: int = 100, **more: Any
) -> EventPage:
    options = {
        name: more.pop(name) for name in ("cursor", "descending", "with_total") if name in more
    }
    query = EventQuery(**more)
    return await page_events(
        runtime, caller, story.campaign.uuid, query, Page(page, per_page), **options
    )


def ids(rows: EventPage | list[EventView]) -> list[int]:
    return [row.id for row in (rows.items if isinstance(rows, EventPage) else rows)]


@pytest.mark.checklist("C30", "C31")
async def test_a_walk_through_pages_shows_each_row_once_while_more_happens(
    runtime: Runtime, caller: Caller, story: Story
) -> None:
    noted = [await story.note("sent", number % 3) for number in range(7)]
    seen: list[int] = []
    for page in range(1, 6):
        rows = await read(runtime, caller, story, page, 3)
        seen += ids(rows)
        noted.append(await story.note("opened", 0, at=NOON - timedelta(days=1)))
    assert seen == noted[: len(seen)]
    assert len(seen) == 10


@pytest.mark.checklist("C31")
async def test_no_row_appears_before_one_that_was_shown(
    runtime: Runtime, caller: Caller, story: Story
) -> None:
    """Ids are taken before the commit: a reader waits for who took a smaller one."""
    values = {"tenant_id": story.tenant.id, "at": NOON, "kind": "opened"}
    values |= {"message_id": story.people[0][1], "campaign_id": story.campaign.id}
    statement = insert(tables.events).values(values).returning(tables.events.c.id)
    async with story.database.transaction() as connection:
        slow = (await connection.execute(statement)).scalar_one()
        quick = await story.note("sent", 1)
        assert slow < quick
        reading = asyncio.create_task(read(runtime, caller, story))
        await asyncio.sleep(0.05)
        assert not reading.done()
    assert ids(await reading) == [slow, quick]


async def test_a_cursor_walks_both_ways(runtime: Runtime, caller: Caller, story: Story) -> None:
    noted = [await story.note("sent", number % 3) for number in range(5)]
    for descending in (False, True):
        expected = noted[::-1] if descending else noted
        first = await read(runtime, caller, story, per_page=2, descending=descending)
        assert first.previous_cursor is None
        second = await read(
            runtime, caller, story, per_page=2, cursor=first.next_cursor, descending=descending
        )
        third = await read(
            runtime, caller, story, per_page=2, cursor=second.next_cursor, descending=descending
        )
        assert ids(first) + ids(second) + ids(third) == expected
        assert third.next_cursor is None
        back = await read(
            runtime, caller, story, per_page=2, cursor=third.previous_cursor, descending=descending
        )
        assert ids(back) == ids(second)
        again = await read(
            runtime, caller, story, per_page=2, cursor=back.previous_cursor, descending=descending
        )
        assert (ids(again), again.previous_cursor) == (ids(first), None)


async def test_a_cursor_nobody_gave_is_refused(
    runtime: Runtime, caller: Caller, story: Story
) -> None:
    for cursor in ("x", "a-1", "a" + "9" * 19, "17"):
        with pytest.raises(InvalidInput):
            await read(runtime, caller, story, cursor=cursor)


async def test_a_row_tells_who_and_what(runtime: Runtime, caller: Caller, story: Story) -> None:
    await story.note("bounced", 1, data={"reason": "mailbox-full", "reply": "552 full"})
    await story.note("opened", 1, data={"agent": "curl/8", "verdict": "scanner"})
    bounced, opened = (await read(runtime, caller, story)).items
    contact, _ = story.people[1]
    assert (bounced.contact_id, bounced.contact_uuid) == (contact.id, contact.uuid)
    assert bounced.email == f"p1-{story.campaign.id}@x.example"
    assert (bounced.kind, bounced.bounce) == (EventKind.BOUNCED, BounceKind.FULL_MAILBOX)
    assert (bounced.reason, bounced.reply, bounced.occurrences) == ("mailbox-full", "552 full", 1)
    assert (opened.agent, opened.is_machine) == ("curl/8", True)


async def test_who_is_gone_stays_in_the_log_by_address(
    runtime: Runtime, caller: Caller, story: Story, database: Database
) -> None:
    await story.note("sent", 0, contact_id=None)
    async with database.transaction() as connection:
        await connection.execute(delete(tables.contacts))
    (row,) = (await read(runtime, caller, story)).items
    assert (row.contact_id, row.contact_uuid) == (0, None)
    assert row.email == f"p0-{story.campaign.id}@x.example"


async def test_filters_narrow_the_log(runtime: Runtime, caller: Caller, story: Story) -> None:
    sent = [await story.note("sent", who) for who in range(3)]
    opened = await story.note("opened", 1)
    hard = await story.note("bounced", 0, data={"reason": "address-invalid"})
    soft = await story.note("bounced", 2, data={"reason": "remote"})

    async def found(**asked: Any) -> list[int]:
        return ids(await read(runtime, caller, story, **asked))

    assert await found(kinds=[EventKind.OPENED]) == [opened]
    assert await found(kinds=[EventKind.SENT, EventKind.OPENED]) == [*sent, opened]
    assert await found(bounces=[BounceKind.HARD]) == [hard]
    assert await found(bounces=[BounceKind.SOFT]) == [soft]
    assert await found(bounces=[BounceKind.SOFT, BounceKind.HARD]) == [hard, soft]
    assert await found(email=f"P1-{story.campaign.id}@X.example") == [sent[1], opened]
    assert await found(email="nobody@x.example") == []
    assert await found(email="no address") == []
    assert await found(contact_uuid=story.people[2][0].uuid) == [sent[2], soft]
    assert await found(contact_uuid=UUID(int=1)) == []
    assert await found(since=NOON + timedelta(minutes=2)) == [sent[2], soft]
    assert await found(until=NOON + timedelta(minutes=1)) == [sent[0], hard]
    assert await found(event_id=opened) == [opened]


async def test_the_log_of_one_link(
    runtime: Runtime, caller: Caller, story: Story, database: Database
) -> None:
    uuids = [UUID(int=number + 1) for number in range(2)]
    key = {"tenant_id": story.tenant.id, "campaign_id": story.campaign.id}
    async with database.transaction() as connection:
        for number, uuid in enumerate(uuids):
            values = {**key, "number": number, "uuid": uuid, "url": f"https://{number}.example/"}
            await connection.execute(insert(tables.campaign_links).values(values))
    first = await story.note("clicked", 0, data={"link": 0, "url": "https://0.example/?a"})
    other = await story.note("clicked", 0, data={"link": 1})
    again = await story.note("clicked", 0, data={"link": 0})
    rows = await read(runtime, caller, story, link_uuid=uuids[0])
    assert ids(rows) == [first, again]
    assert (rows.items[0].url, rows.items[1].url) == ("https://0.example/?a", "https://0.example/")
    assert rows.items[0].link_uuid == uuids[0]
    unique = await read(runtime, caller, story, link_uuid=uuids[0], firsts=True)
    assert [(row.id, row.occurrences) for row in unique.items] == [(first, 2)]
    assert ids(await read(runtime, caller, story, link_uuid=uuids[1])) == [other]
    assert ids(await read(runtime, caller, story, link_uuid=UUID(int=9))) == []


async def test_firsts_and_people_are_told_with_how_often(
    runtime: Runtime, caller: Caller, story: Story
) -> None:
    sent = await story.note("sent", 0)
    opened = await story.note("opened", 0)
    await story.note("opened", 0)
    other = await story.note("opened", 1)
    firsts = await read(runtime, caller, story, firsts=True, with_total=True)
    assert [(row.id, row.occurrences) for row in firsts.items] == [
        (sent, 1),
        (opened, 2),
        (other, 1),
    ]
    assert firsts.total == 3
    people = await read(runtime, caller, story, by_person=True)
    assert [(row.id, row.occurrences) for row in people.items] == [(sent, 3), (other, 1)]
    openers = await read(runtime, caller, story, by_person=True, kinds=[EventKind.OPENED])
    assert [(row.id, row.occurrences) for row in openers.items] == [(opened, 2), (other, 1)]


async def test_totals_count_each_kind(runtime: Runtime, caller: Caller, story: Story) -> None:
    for who in range(3):
        await story.note("sent", who)
    await story.note("bounced", 0, data={"reason": "address-invalid"})
    await story.note("bounced", 1, data={"reason": "unknown-user-by-text"})
    found = await event_totals(runtime, caller, story.campaign.uuid, EventQuery())
    assert {(row.kind, row.bounce): row.occurrences for row in found} == {
        (EventKind.SENT, None): 3,
        (EventKind.BOUNCED, BounceKind.HARD): 2,
    }


async def test_the_log_of_a_list_is_that_of_its_campaigns(
    runtime: Runtime, caller: Caller, database: Database, tenant: MadeTenant, story: Story
) -> None:
    a_list = await make_list(database, tenant.id)
    one = await tell(database, tenant, list_id=a_list.id)
    two = await tell(database, tenant, list_id=a_list.id)
    noted = [await (one, two)[number % 2].note("sent", 0) for number in range(5)]
    await story.note("sent", 0)
    key = (runtime, caller, a_list.uuid, EventQuery())
    first = await page_list_events(*key, Page(1, 3), with_total=True)
    assert (ids(first), first.total) == (noted[:3], 5)
    assert ids(await page_list_events(*key, Page(2, 3))) == noted[3:]
    rest = await page_list_events(*key, Page(1, 3), cursor=first.next_cursor)
    assert ids(rest) == noted[3:]
    assert ids(await page_list_events(*key, Page(1, 2), descending=True)) == noted[:2:-1]
    (total,) = await list_event_totals(*key)
    assert total.occurrences == 5
    empty = await make_list(database, tenant.id)
    nothing = await page_list_events(
        runtime, caller, empty.uuid, EventQuery(), Page(), with_total=True
    )
    assert (ids(nothing), nothing.total) == ([], 0)


async def test_another_tenants_log_is_not_there(
    runtime: Runtime, database: Database, story: Story
) -> None:
    other = await make_tenant(database)
    stranger = Caller(other.id, "key:test", Door.API, frozenset({"*"}))
    with pytest.raises(NotFound):
        await page_events(runtime, stranger, story.campaign.uuid, EventQuery(), Page())
