"""Campaigns from templates, to a filter, at a local time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from mailwright.store.database import Database
from tests.api.campaign_stories import code, create, details, put_in, read
from tests.builders import MadeTemplate, MadeTenant, make_contact, make_sender, make_template
from tests.clock import Clock


async def _from(
    api: httpx2.AsyncClient,
    database: Database,
    tenant: MadeTenant,
    template: MadeTemplate,
    **fields: Any,
) -> str:
    """The path of a campaign from a template to everybody; at most its content is missing."""
    sender = await make_sender(database, tenant.id)
    made = await create(
        api,
        from_name="Ada",
        from_identity=str(sender.uuid),
        audience_filter={},
        template_version_uuid=str(template.version.uuid),
        **fields,
    )
    assert made["template_uuid"] == str(template.uuid)
    return f"/campaigns/{made['uuid']}"


async def _data(answer: httpx2.Response, status: int = 200) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json()["data"]


@pytest.mark.checklist("M15")
async def test_only_a_published_version_can_be_sent_or_tested(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    template = await make_template(database, tenant.id, state="draft")
    path = await _from(api, database, tenant, template)
    assert (await _data(await api.get(path)))["readiness"]["missing"] == ["content"]
    later = {"scheduled_at": "2099-05-01T18:00:00Z"}
    for call, body in (("send", None), ("schedule", later)):
        answer = await api.post(f"{path}/{call}", json=body)
        assert (answer.status_code, code(answer)) == (422, "CAMPAIGN_NOT_READY")
        assert details(answer)["missing"] == ["content"]
        assert "template version is not published" in answer.json()["error"]["message"]
    answer = await api.post(f"{path}/test", json={"email": "ada@example.com"})
    assert (answer.status_code, code(answer)) == (422, "CAMPAIGN_NOT_TESTABLE")
    version = f"/templates/{template.uuid}/versions/{template.version.uuid}"
    await _data(await api.post(f"{version}/publish"))
    assert (await _data(await api.get(path)))["readiness"]["can_send"]
    assert (await _data(await api.post(f"{path}/send")))["status"] == "queued"


@pytest.mark.checklist("M16")
async def test_the_subject_is_the_templates_unless_the_campaign_has_one(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    template = await make_template(database, tenant.id, locale="en")
    path = await _from(api, database, tenant, template)
    assert (await _data(await api.post(f"{path}/render", json={})))["subject"] == "Hello en"
    await api.patch(path, json={"subject": "June"})
    assert (await _data(await api.post(f"{path}/render", json={})))["subject"] == "June"


async def test_a_version_that_is_being_sent_is_not_unpublished(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    template = await make_template(database, tenant.id)
    path = await _from(api, database, tenant, template)
    version = f"/templates/{template.uuid}/versions/{template.version.uuid}"
    await _data(await api.post(f"{path}/send"))
    answer = await api.post(f"{version}/unpublish")
    assert (answer.status_code, code(answer)) == (409, "TEMPLATE_VERSION_IN_USE")
    answer = await api.delete(f"/templates/{template.uuid}")
    assert (answer.status_code, code(answer)) == (409, "TEMPLATE_IN_USE")
    await put_in(database, path.rpartition("/")[2], "sent")
    await _data(await api.post(f"{version}/unpublish"))


async def test_the_last_word_about_content_counts(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    template = await make_template(database, tenant.id)
    path = await _from(api, database, tenant, template)
    version = str(template.version.uuid)
    own = await _data(await api.patch(path, json={"content": "My own words."}))
    assert (own["template_version_uuid"], own["content"]) == (None, "My own words.")
    back = await _data(await api.patch(path, json={"template_version_uuid": version}))
    assert (back["template_version_uuid"], back["content"]) == (version, None)
    both = {"content": "Mine", "template_version_uuid": version}
    answer = await api.patch(path, json=both)
    assert (answer.status_code, list(details(answer))) == (422, ["content"])


async def test_a_copy_keeps_template_and_filter(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    template = await make_template(database, tenant.id)
    path = await _from(api, database, tenant, template, timezone="Europe/Madrid")
    copied = await _data(await api.post(f"{path}/duplicate"), 201)
    kept = ("template_version_uuid", "audience_filter", "timezone")
    source = await _data(await api.get(path))
    assert [copied[name] for name in kept] == [source[name] for name in kept]


async def test_what_belongs_to_another_account_or_makes_no_sense_is_named(
    api: httpx2.AsyncClient,
    database: Database,
    tenant: MadeTenant,
    other_tenant: MadeTenant,
) -> None:
    theirs = await make_template(database, other_tenant.id)
    foreign = str(other_tenant.uuid)
    for field, value, place in (
        ("template_version_uuid", str(theirs.version.uuid), "template_version_uuid"),
        ("audience_filter", {"project_uuid": foreign}, "audience_filter"),
        ("audience_filter", {"plan": "pro"}, "audience_filter.plan"),
        ("audience_filter", {"attributes": {"a": {"gt": 1}}}, "audience_filter.attributes.a"),
        ("timezone", "Europe/Nowhere", "timezone"),
    ):
        answer = await api.post("/campaigns", json={"name": "x", field: value})
        assert (answer.status_code, list(details(answer))) == (422, [place])


async def test_a_filter_reads_back_as_it_was_given_and_is_an_audience(
    api: httpx2.AsyncClient,
) -> None:
    for given in ({}, {"locale": "es", "opt_in": True}, {"field": "locale", "op": "exists"}):
        made = await create(api, audience_filter=given)
        assert (await read(api, made["uuid"]))["audience_filter"] == given
        assert "audience" not in made["readiness"]["missing"]
    cleared = await api.patch(f"/campaigns/{made['uuid']}", json={"audience_filter": None})
    assert "audience" in (await _data(cleared))["readiness"]["missing"]


@pytest.mark.checklist("M20", "U07")
@pytest.mark.parametrize(
    ("asked", "instant"),
    [
        ({"scheduled_at": "2026-10-26T09:00", "timezone": "Europe/Madrid"}, "2026-10-26T08:00:00Z"),
        ({"scheduled_at": "2026-10-24T09:00:00"}, "2026-10-24T07:00:00Z"),  # the campaign's zone
        ({"scheduled_at": "2027-03-28T02:30"}, "2027-03-28T01:30:00Z"),  # the clocks jump over it
        (
            {"scheduled_at": "2026-10-26T09:00:00.000Z", "timezone": "Asia/Tokyo"},
            "2026-10-26T09:00:00Z",
        ),
    ],
)
async def test_a_campaign_is_scheduled_at_a_local_time(
    api: httpx2.AsyncClient,
    database: Database,
    tenant: MadeTenant,
    clock: Clock,
    asked: dict[str, str],
    instant: str,
) -> None:
    clock.time = datetime(2026, 10, 1, tzinfo=UTC)
    template = await make_template(database, tenant.id)
    path = await _from(api, database, tenant, template, timezone="Europe/Madrid")
    made = await _data(await api.post(f"{path}/schedule", json=asked))
    zone = asked.get("timezone", "Europe/Madrid")
    assert (made["status"], made["scheduled_at"], made["timezone"]) == ("scheduled", instant, zone)
    (row,) = (await api.get("/campaigns")).json()["data"]
    assert (row["scheduled_at"], row["timezone"]) == (instant, zone)


async def test_a_local_time_needs_a_place_and_a_zone_that_exists(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    template = await make_template(database, tenant.id)
    path = await _from(api, database, tenant, template)
    for asked, field in (
        ({"scheduled_at": "2099-10-26T09:00"}, "scheduled_at"),
        ({"scheduled_at": "2099-10-26", "timezone": "Europe/Madrid"}, "scheduled_at"),
        ({"scheduled_at": "2099-10-26T09:00", "timezone": "Mars/Olympus"}, "timezone"),
    ):
        answer = await api.post(f"{path}/schedule", json=asked)
        assert (answer.status_code, list(details(answer))) == (422, [field])


@pytest.mark.checklist("M49")
async def test_coverage_is_told_over_the_api(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    template = await make_template(database, tenant.id, locale="en")
    path = await _from(api, database, tenant, template)
    assert await _data(await api.get(f"{path}/locale-coverage")) == []
    await make_contact(database, tenant.id, locale="fr")
    assert await _data(await api.get(f"{path}/locale-coverage")) == [
        {
            "locale": "fr",
            "contacts": 1,
            "has_template": False,
            "variant_uuid": str(template.version.uuid),
            "variant_locale": "en",
            "skipped": False,
        }
    ]


@pytest.mark.checklist("M49")
async def test_a_version_without_a_locale_is_in_the_templates_default(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    letter = {"name": "Brief", "subject": "Neues", "content": "Moin.", "default_locale": "de"}
    made = await _data(await api.post("/templates", json=letter), 201)
    uuid = made["versions"][0]["uuid"]
    versions = f"/templates/{made['uuid']}/versions"
    english = await api.post(f"{versions}/{uuid}/variants", json={"locale": "en"})
    english_uuid = (await _data(english, 201))["uuid"]
    for version in (uuid, english_uuid):
        await _data(await api.post(f"{versions}/{version}/publish"))
    await make_sender(database, tenant.id)
    campaign = await create(api, audience_filter={}, template_version_uuid=english_uuid)
    for locale in ("de-AT", "en", "fr", None):
        await make_contact(database, tenant.id, locale=locale)
    path = f"/campaigns/{campaign['uuid']}/locale-coverage"
    told = {
        row["locale"]: (row["has_template"], row["variant_locale"])
        for row in await _data(await api.get(path))
    }
    assert told == {
        "de-AT": (True, "de"),
        "en": (True, "en"),
        "fr": (False, "en"),
        None: (True, "de"),
    }
