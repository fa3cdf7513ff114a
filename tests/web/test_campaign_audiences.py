"""Whom a campaign is for, and which language of a template each of them gets."""

from __future__ import annotations

import pytest

from mailwright.store.database import Database
from tests.builders import MadeTenant, make_campaign, make_contact, make_list, make_template
from tests.web.browsing import Browser


@pytest.fixture
async def people(database: Database, tenant: MadeTenant) -> str:
    """A list of five: three read English, one Spanish, one French; one of each plan."""
    made = await make_list(database, tenant.id)
    for locale, plan in (
        ("en", "pro"),
        ("en", "pro"),
        ("en", "free"),
        ("es", "pro"),
        ("fr", "pro"),
    ):
        attributes = {"plan": plan}
        await make_contact(
            database, tenant.id, list_id=made.id, locale=locale, attributes=attributes
        )
    return str(made.uuid)


async def counted(owner: Browser, **query: str) -> str:
    answer = await owner.client.get("/campaigns/audience", params=query)
    assert answer.status_code == 200
    return answer.text


async def test_the_audience_is_counted_while_it_is_chosen(owner: Browser, people: str) -> None:
    assert "Nobody is chosen" in await counted(owner)
    assert "<strong>5</strong>" in await counted(owner, list_uuid=people)
    assert "<strong>3</strong>" in await counted(owner, filter_locale="en")
    plan = {"filter.0.key": "plan", "filter.0.value": "pro"}
    assert "<strong>2</strong>" in await counted(owner, filter_locale="en", **plan)
    assert "<strong>5</strong>" in await counted(owner, everybody="on")
    assert "A language of two letters" in await counted(owner, filter_locale="english, please")


async def test_a_filter_is_saved_and_read_back(owner: Browser, people: str) -> None:
    await owner.open("/campaigns/new")
    fields = {"filter_locale": "en", "filter_opt_in": "yes"}
    attribute = {"filter.0.key": "plan", "filter.0.value": "pro"}
    await owner.submit("/campaigns/new", {"name": "Pros", "content": "Hi", **fields, **attribute})
    assert "Draft saved." in owner.text
    for selector, value in (("#filter_locale", "en"), ("#filter-value-0", "pro")):
        field = owner.page.css_first(selector)
        assert field is not None
        assert field.attributes["value"] == value
    path = owner.answer.url.path
    await owner.submit(path, {"filter_locale": "nowhere at all"})
    assert owner.answer.status_code == 422
    assert "A language of two letters" in owner.text


@pytest.mark.checklist("M49")
async def test_a_template_is_chosen_and_its_coverage_shown(
    owner: Browser, people: str, database: Database, tenant: MadeTenant
) -> None:
    made = await make_template(database, tenant.id, locale="en")
    await owner.open("/campaigns/new")
    version = {"template_version_uuid": str(made.version.uuid), "list_uuid": people}
    await owner.submit("/campaigns/new", {"name": "News", **version})
    rows = [
        " ".join(row.text().split())
        for row in owner.page.css("[aria-labelledby=coverage] tbody tr")
    ]
    assert rows[0] == "en 3 en own language"
    assert set(rows[1:]) == {"es 1 en fallback", "fr 1 en fallback"}
    path = owner.answer.url.path
    body = await owner.client.get(f"{path}/body")
    assert "Hello en." in body.text
    await owner.submit(path, {"require_locale_variant": "on"})
    assert owner.text.count("left out") == 2
    await owner.submit(path, {"template_version_uuid": "", "content": "A text of its own"})
    assert not owner.page.css("[aria-labelledby=coverage]")


@pytest.mark.checklist("SEC-10")
async def test_who_only_reads_sees_campaigns_without_their_buttons(
    viewer: Browser, database: Database, tenant: MadeTenant
) -> None:
    campaign = await make_campaign(database, tenant.id)
    for page in ("/", "/campaigns", f"/campaigns/{campaign.uuid}", "/settings/senders"):
        await viewer.open(page)
        assert viewer.answer.status_code == 200
        posts = [
            form for form in viewer.page.css("main form") if form.attributes.get("method") == "post"
        ]
        assert not posts, page
    assert (await viewer.open("/campaigns/new")).status_code == 403
