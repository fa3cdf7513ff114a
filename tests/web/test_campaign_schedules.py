"""A time to leave: its zone, what it is in UTC, and the nights when clocks are changed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mailwright.store import tables
from mailwright.store.database import Database
from mailwright.web.filters import utc_offset
from tests.builders import MadeTenant, make_campaign, make_list, make_sender
from tests.web.browsing import Browser


@pytest.fixture
async def path(database: Database, tenant: MadeTenant) -> str:
    """The page of a campaign that is ready."""
    sender = await make_sender(database, tenant.id)
    made_list = await make_list(database, tenant.id)
    campaign = await make_campaign(
        database, tenant.id, sender_id=sender.id, list_id=made_list.id, from_name="Ada"
    )
    return f"/campaigns/{campaign.uuid}"


async def choose(owner: Browser, path: str, local: str, zone: str) -> None:
    await owner.open(path)
    await owner.submit(f"{path}/schedule", {"scheduled_local": local, "timezone": zone})


async def scheduled(database: Database) -> tuple[datetime, str]:
    columns = (tables.campaigns.c.scheduled_at, tables.campaigns.c.timezone)
    async with database.reading() as connection:
        row = (
            await connection.execute(tables.campaigns.select().with_only_columns(*columns))
        ).one()
    return row[0], row[1]


@pytest.mark.checklist("M20")
async def test_a_time_is_shown_in_its_zone_and_in_utc_before_it_is_kept(
    owner: Browser, path: str, database: Database
) -> None:
    await choose(owner, path, "2099-05-04T09:00", "madrid")
    assert "In Europe/Madrid Mon 4 May 2099, 09:00 UTC+2" in owner.text
    assert "In UTC Mon 4 May 2099, 07:00" in owner.text
    assert await scheduled(database) == (None, None)
    await owner.submit(f"{path}/schedule")
    assert await scheduled(database) == (datetime(2099, 5, 4, 7, tzinfo=UTC), "Europe/Madrid")
    assert "Leaves by itself on Mon 4 May 2099, 09:00 in Europe/Madrid, which is" in owner.text
    values = {field.attributes["name"]: field.attributes["value"] for field in owner.page.css(
        "#scheduled_local, #timezone"
    )}  # fmt: skip
    assert values == {"scheduled_local": "2099-05-04T09:00", "timezone": "Europe/Madrid"}
    await owner.open("/campaigns")
    assert "Mon 4 May 2099, 09:00 Europe/Madrid" in owner.text


@pytest.mark.checklist("M20")
@pytest.mark.parametrize(
    ("local", "said"),
    [
        ("2027-03-28T02:30", "02:30 does not exist in Europe/Madrid on that day: the clocks jump"),
        ("2027-03-28T02:30", "The campaign leaves at 03:30."),
        ("2027-10-31T02:30", "leaves at the first, which is 02:30 at UTC+2."),
    ],
)
async def test_a_time_that_is_odd_is_told(owner: Browser, path: str, local: str, said: str) -> None:
    await choose(owner, path, local, "Europe/Madrid")
    assert said in owner.text


@pytest.mark.parametrize(
    ("local", "zone", "field"),
    [
        ("2001-01-01T10:00", "UTC", "scheduled_at"),
        ("", "UTC", "scheduled_at"),
        ("2099-01-01T10:00Z", "UTC", "scheduled_at"),
        ("9999-12-31T23:59", "America/New_York", "scheduled_at"),
        ("2099-01-01T10:00", "Europe/Atlantis", "timezone"),
    ],
)
async def test_what_is_wrong_stands_beside_its_field_and_what_was_typed_stays(
    owner: Browser, path: str, local: str, zone: str, field: str
) -> None:
    await choose(owner, path, local, zone)
    assert owner.answer.status_code == 422
    assert owner.page.css(f"#{field}-error")
    typed = owner.page.css_first("#timezone")
    assert typed is not None
    assert typed.attributes["value"] == zone


async def test_a_campaign_that_lacks_something_is_not_scheduled(
    owner: Browser, database: Database, tenant: MadeTenant
) -> None:
    bare = await make_campaign(database, tenant.id)
    path = f"/campaigns/{bare.uuid}"
    await choose(owner, path, "2099-05-04T09:00", "UTC")
    assert "Something is still missing" in owner.text
    await owner.submit(f"{path}/schedule")
    assert "Not ready yet. Missing:" in owner.text


def test_offsets_are_written_as_people_do() -> None:
    texts = ("2026-01-01T00:00+05:30", "2026-01-01T00:00-03:00", "2026-01-01T00:00+00:00")
    assert [utc_offset(datetime.fromisoformat(text)) for text in texts] == [
        "UTC+5:30",
        "UTC−3",
        "UTC",
    ]
