"""Home, the list of campaigns, contacts and the audit log: figures and names rather than ids."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert

from mailwright.services.caller import Caller
from mailwright.services.reports import stats_of
from mailwright.services.runtime import Runtime
from mailwright.store import tables
from mailwright.store.database import Database
from mailwright.web.filters import bare_address, counted, in_words, percent, readable
from tests.builders import MadeTenant, make_campaign, make_contact, make_list, make_tenant
from tests.web.browsing import Browser


def rows(owner: Browser) -> list[str]:
    return [" ".join(row.text(separator=" ").split()) for row in owner.page.css("main tbody tr")]


async def sent(database: Database, tenant: MadeTenant, **columns: Any) -> str:
    """The path of a campaign that 200 people got: 50 opened it, 10 clicked, 1 came back."""
    now = datetime.now(UTC)
    campaign = await make_campaign(
        database, tenant.id, state="sent", queued_at=now, started_at=now, finished_at=now, **columns
    )
    key = {"tenant_id": tenant.id, "campaign_id": campaign.id}
    async with database.transaction() as connection:
        for table, values in (
            (tables.fan_outs, {"audience_count": 203, "queued_count": 201, "skipped_count": 2}),
            (
                tables.batches,
                {
                    "number": 1,
                    "first_message_id": 1,
                    "last_message_id": 201,
                    "message_count": 201,
                    "sent": 201,
                },
            ),
            (tables.campaign_counters, {"opened": 50, "clicked": 10, "bounced_later": 1}),
        ):
            await connection.execute(insert(table).values(**key, **values))
    return f"/campaigns/{campaign.uuid}"


@pytest.mark.parametrize(
    ("subject", "words"),
    [
        ('{{ contact.first_name | default: "Friend" }}, hello', "Friend, hello"),
        ("Hi {{first_name}}!", "Hi [first name]!"),
        ("{% if vip %}Dear{% endif %} {{ attributes.plan | upcase }}", "Dear [plan]"),
        ("{{ a | default: 'x' | upcase }} y", "x y"),
        ("{{ broken", "{{ broken"),
    ],
)
def test_a_subject_is_shown_as_its_author_thinks_of_it(subject: str, words: str) -> None:
    assert readable(subject) == words


def test_links_are_told_apart_by_what_differs() -> None:
    assert bare_address("https://shop.example/") == "shop.example"
    assert bare_address("http://shop.example/a?b=c") == "shop.example/a?b=c"
    assert bare_address("mailto:ada@example.com") == "mailto:ada@example.com"


def test_figures_and_details_are_written_as_people_do() -> None:
    assert [percent(1, 3), percent(3, 3), percent(0, 0)] == ["33.3 %", "100 %", "—"]
    assert [counted(1, "row"), counted(1200, "row")] == ["1 row", "1,200 rows"]
    assert [in_words(each) for each in (["a", "b"], True, None, 3)] == ["a, b", "yes", "none", "3"]


async def test_campaigns_are_listed_with_what_became_of_them(
    owner: Browser, database: Database, tenant: MadeTenant
) -> None:
    await make_campaign(database, tenant.id, name="Bare")
    await sent(database, tenant, name="Spring", subject="{{ first_name }}, spring is here")
    await owner.open("/campaigns")
    spring, bare = rows(owner)
    assert spring.startswith("Spring [first name], spring is here sent")
    assert "25.0 % 5.0 %" in spring
    assert "— — —" in bare
    await owner.open("/")
    assert "The last 30 days Campaigns 1 Delivered 200 Opened 25.0 % Clicked 5.0 %" in owner.text
    assert rows(owner) == [spring, bare]


async def test_figures_of_several_are_those_of_each_and_of_nobody_else(
    runtime: Runtime, caller: Caller, database: Database, tenant: MadeTenant
) -> None:
    other = await make_tenant(database)
    paths = [await sent(database, owner) for owner in (tenant, other)]
    draft = await make_campaign(database, tenant.id)
    mine, theirs = (path.rpartition("/")[2] for path in paths)
    found = await stats_of(runtime, caller, [draft.uuid, *map(UUID, (mine, theirs))])
    assert list(found) == [UUID(mine)]
    figures = found[UUID(mine)]
    assert (figures.recipients, figures.sent, figures.delivered) == (201, 201, 200)
    assert (figures.open_rate, figures.click_rate) == (0.25, 0.05)


async def test_a_campaign_says_whom_it_went_to(
    owner: Browser, database: Database, tenant: MadeTenant
) -> None:
    made = await make_list(database, tenant.id, "Readers")
    await owner.open(await sent(database, tenant, list_id=made.id, track_clicks=False))
    assert "Went to Readers Began" in owner.text
    assert "Counts opens" in owner.text
    await owner.open(await sent(database, tenant))
    assert "Went to Everybody who may be mailed" in owner.text


async def test_contacts_are_narrowed_to_who_agreed(
    owner: Browser, database: Database, tenant: MadeTenant
) -> None:
    for name, consent in (("ada", "subscribed"), ("alan", "unsubscribed"), ("kim", "unconfirmed")):
        await make_contact(database, tenant.id, f"{name}@example.com", consent=consent)
    for status, name in (("subscribed", "ada"), ("unsubscribed", "alan"), ("unconfirmed", "kim")):
        await owner.open(f"/contacts?status={status}")
        (row,) = rows(owner)
        assert row.startswith(f"{name}@example.com")
    await owner.open("/contacts?status=unsubscribed&search=ada@example.com")
    assert "Nobody matches" in owner.text
    await owner.open("/contacts?status=nonsense")
    assert len(rows(owner)) == 3


async def test_the_audit_log_names_who_it_was(owner: Browser) -> None:
    path = "/settings/api-keys"
    await owner.open(path)
    await owner.submit(path, {"name": "Shop", "grant": "inbox"})
    await owner.open("/settings/audit-log")
    assert rows(owner)[0].split(" through")[0].endswith("owner@example.com")
    assert "scopes: inbox:read, inbox:write" in owner.text


async def test_a_draft_says_what_is_worth_a_look(
    owner: Browser, database: Database, tenant: MadeTenant
) -> None:
    campaign = await make_campaign(database, tenant.id, subject="LOOK AT THIS NOW")
    path = f"/campaigns/{campaign.uuid}"
    await owner.open(path)
    assert owner.page.css_first(f'[hx-get="{path}/preflight"]') is not None
    part = await owner.client.get(f"{path}/preflight", headers={"HX-Request": "true"})
    assert "The subject is all capitals" in part.text
    assert (await owner.open(f"{path}/preflight")).url.path == path
