"""Whom a campaign is for and what became of it: live audience, ledger, links, report, preview."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import insert, update

from mailwright.domain.ids import new_id
from mailwright.store import tables
from mailwright.store.database import Database
from tests.api.campaign_stories import (
    RICH_DOCUMENT,
    Ready,
    code,
    create,
    details,
    put_in,
    read,
    ready,
)
from tests.api.conftest import ApiAs
from tests.builders import (
    MadeTenant,
    make_contact,
    make_message,
    make_segment,
)
from tests.clock import Clock


async def _emails(api: httpx2.AsyncClient, path: str) -> list[str]:
    answer = await api.get(path)
    assert answer.status_code == 200, answer.text
    return [row["email"] for row in answer.json()["data"]]


async def _campaign_id(database: Database, campaign: Ready) -> int:
    async with database.reading() as connection:
        found = await connection.scalar(
            tables.campaigns.select()
            .with_only_columns(tables.campaigns.c.id)
            .where(tables.campaigns.c.uuid == UUID(campaign.uuid))
        )
    assert found is not None
    return found


async def _add(database: Database, table: Any, **values: Any) -> None:
    async with database.transaction() as connection:
        await connection.execute(insert(table).values(**values))


# --- The live audience


@pytest.mark.checklist("Z36")
async def test_the_live_audience_is_who_would_be_mailed_now(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    campaign = await ready(api, database, tenant)
    path = f"{campaign.path}/contacts"
    await make_contact(database, tenant.id, "zoe@example.com", list_id=campaign.list.id)
    await make_contact(database, tenant.id, "outside@example.com")
    for consent in ("unsubscribed", "unconfirmed"):
        await make_contact(
            database,
            tenant.id,
            f"{consent}@example.com",
            list_id=campaign.list.id,
            consent=consent,
        )
    assert len(await _emails(api, path)) == 2
    assert (await _emails(api, path))[0] == "zoe@example.com", "newest first"
    suppression = {"tenant_id": tenant.id, "uuid": new_id(), "reason": "bounce"}
    await _add(database, tables.suppressions, email_key="zoe@example.com", **suppression)
    assert "zoe@example.com" not in await _emails(api, path)
    await api.post(f"/contacts/{campaign.contact.uuid}/unsubscribe")
    assert await _emails(api, path) == []


@pytest.mark.checklist("Z33", "Z36")
async def test_list_and_segment_together_are_their_intersection(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    campaign = await ready(api, database, tenant)
    for email, list_id in (("in@example.com", campaign.list.id), ("out@example.com", None)):
        await make_contact(database, tenant.id, email, list_id=list_id, first_name="Zoe")
    rule = {"field": "first_name", "op": "eq", "value": "Zoe"}
    segment = await make_segment(database, tenant.id, rule)
    await api.patch(campaign.path, json={"segment_uuid": str(segment.uuid)})
    assert await _emails(api, f"{campaign.path}/contacts") == ["in@example.com"]
    await api.patch(campaign.path, json={"list_uuid": None})
    both = await _emails(api, f"{campaign.path}/contacts")
    assert sorted(both) == ["in@example.com", "out@example.com"]


async def test_the_live_audience_is_searched_and_paged_like_contacts(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    campaign = await ready(api, database, tenant)
    for number in range(3):
        await make_contact(
            database,
            tenant.id,
            f"p{number}@example.com",
            list_id=campaign.list.id,
            first_name=f"Person {number}",
            phone=f"+3460000{number}",
        )
    path = f"{campaign.path}/contacts"
    assert await _emails(api, f"{path}?search=person%201") == ["p1@example.com"]
    assert await _emails(api, f"{path}?search=p2@example.com") == ["p2@example.com"]
    assert await _emails(api, f"{path}?search=%2B346") == [
        "p2@example.com",
        "p1@example.com",
        "p0@example.com",
    ]
    page = (await api.get(f"{path}?per_page=1&page=2")).json()
    assert page["pagination"] == {"current_page": 2, "per_page": 1, "total": 4}
    assert [row["email"] for row in page["data"]] == ["p1@example.com"]


async def test_a_campaign_without_an_audience_is_for_nobody(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    await make_contact(database, tenant.id)
    made = await create(api)
    assert await _emails(api, f"/campaigns/{made['uuid']}/contacts") == []


async def test_the_live_audience_needs_the_right_to_read_contacts(
    api: httpx2.AsyncClient, api_as: ApiAs, database: Database, tenant: MadeTenant
) -> None:
    campaign = await ready(api, database, tenant)
    reader = await api_as(tenant, "campaigns:read")
    answer = await reader.get(f"{campaign.path}/contacts")
    assert (answer.status_code, details(answer)) == (403, {"missing_scope": "contacts:read"})


# --- The ledger


@pytest.fixture
async def sent(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant, clock: Clock
) -> Ready:
    """A sent campaign with one row of every kind, `sent@…` opened and clicked."""
    campaign = await ready(api, database, tenant)
    await put_in(database, campaign.uuid, "sent")
    campaign_id = await _campaign_id(database, campaign)
    rows: dict[str, dict[str, Any]] = {
        "sent": {
            "contact_id": campaign.contact.id,
            "sent_at": clock(),
            "opened_at": clock(),
            "clicked_at": clock(),
            "attempts": 1,
            "reply": "250 2.0.0 OK",
        },
        "sent2": {"state": "sent", "sent_at": clock()},
        "queued": {},
        "deferred": {"next_attempt_at": clock() + timedelta(minutes=5), "reply": "451 later"},
        "bounced": {"bounced_at": clock(), "reason": "address_invalid", "reply": "550 5.1.1 no"},
        "failed": {"reason": "gave_up"},
        "skipped": {"reason": "unsubscribed"},
        "canceled": {},
    }
    for name, columns in rows.items():
        values = {"email": f"{name}@example.com", "state": name} | columns
        await make_message(database, tenant.id, campaign_id=campaign_id, **values)
    return campaign


@pytest.mark.checklist("Z37")
async def test_recipients_are_who_it_was_sent_to_and_how_each_engaged(
    api: httpx2.AsyncClient, sent: Ready
) -> None:
    path = f"{sent.path}/recipients"
    answer = (await api.get(f"{path}?include=delivery,engagement,purchases")).json()
    assert answer["pagination"]["total"] == 7
    first = answer["data"][0]
    assert (first["email"], first["status"], first["state"]) == ("sent@example.com", "sent", "sent")
    assert first["contact_uuid"] == str(sent.contact.uuid)
    assert first["delivery"]["delivered"] is True
    assert first["delivery"]["reply"] == "250 2.0.0 OK"
    assert (first["engagement"]["opened"], first["engagement"]["clicked"]) == (True, True)
    assert first["purchases"] == []
    plain = (await api.get(path)).json()["data"][0]
    assert not {"delivery", "engagement", "purchases"} & plain.keys()


async def test_recipients_are_filtered_by_easymails_words_and_by_ours(
    api: httpx2.AsyncClient, sent: Ready
) -> None:
    async def names(query: str) -> set[str]:
        rows = await _emails(api, f"{sent.path}/recipients?{query}")
        return {email.partition("@")[0] for email in rows}

    assert await names("status=pending") == {"queued", "deferred"}
    assert await names("status=sent") == {"sent", "sent2"}
    assert await names("status=failed") == {"bounced", "failed"}
    for word in ("queued", "deferred", "bounced", "skipped", "canceled"):
        assert await names(f"status={word}") == {word}
    assert len(await names("status=all")) == 8
    assert await names("opened=true") == await names("clicked=true") == {"sent"}
    assert await names("status=sent&opened=false") == {"sent2"}
    assert await names("search=SENT2") == {"sent2"}
    assert await names("search=%25") == set()


async def test_a_rows_status_is_easymails_word_beside_the_exact_state(
    api: httpx2.AsyncClient, sent: Ready
) -> None:
    rows = (await api.get(f"{sent.path}/recipients?status=all")).json()["data"]
    assert {row["state"]: row["status"] for row in rows} == {
        "sent": "sent",
        "queued": "pending",
        "deferred": "pending",
        "bounced": "failed",
        "failed": "failed",
        "skipped": "skipped",
        "canceled": "canceled",
    }
    assert {row["reason"] for row in rows if row["state"] == "skipped"} == {"unsubscribed"}


async def test_recipients_are_walked_with_a_cursor(api: httpx2.AsyncClient, sent: Ready) -> None:
    path = f"{sent.path}/recipients?per_page=3&status=all"
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = (await api.get(f"{path}&cursor={cursor}")).json()
        assert set(answer["pagination"]) == {"per_page", "next_cursor"}
        seen += [row["email"] for row in answer["data"]]
        cursor = answer["pagination"]["next_cursor"]
    assert len(seen) == len(set(seen)) == 8
    for wrong in ("abc", "-1", "9" * 30):
        refused = await api.get(f"{path}&cursor={wrong}")
        assert (refused.status_code, list(details(refused))) == (422, ["cursor"])


async def test_recipients_are_nobody_before_the_send_and_stay_after_contacts_change(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant, sent: Ready
) -> None:
    draft = await ready(api, database, tenant)
    assert await _emails(api, f"{draft.path}/recipients") == []
    before = await _emails(api, f"{sent.path}/recipients")
    await api.delete(f"/contacts/{sent.contact.uuid}")
    assert await _emails(api, f"{sent.path}/recipients") == before
    row = (await api.get(f"{sent.path}/recipients")).json()["data"][0]
    assert row["contact_uuid"] is None


@pytest.mark.parametrize("query", ["status=delivered", "opened=perhaps"])
async def test_a_filter_nobody_knows_is_refused(
    api: httpx2.AsyncClient, sent: Ready, query: str
) -> None:
    answer = await api.get(f"{sent.path}/recipients?{query}")
    assert (answer.status_code, list(details(answer))) == (422, [query.partition("=")[0]])


async def test_deleting_a_campaign_keeps_the_ledger_and_stops_the_rest(
    api: httpx2.AsyncClient, database: Database, sent: Ready
) -> None:
    assert (await api.delete(sent.path)).status_code == 204
    async with database.reading() as connection:
        rows = (await connection.execute(tables.messages.select())).mappings().all()
    states = {row["email"].partition("@")[0]: row["state"] for row in rows}
    assert states["sent"] == "sent"
    assert (states["queued"], states["deferred"]) == ("canceled", "canceled")
    assert all(row["next_attempt_at"] is None for row in rows)


# --- Links and figures


@pytest.mark.checklist("Z38")
async def test_links_are_told_with_their_clicks_most_clicked_first(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant, sent: Ready
) -> None:
    campaign_id = await _campaign_id(database, sent)
    for number, clicks in ((1, 0), (2, 5), (3, 9)):
        await _add(
            database,
            tables.campaign_links,
            tenant_id=tenant.id,
            campaign_id=campaign_id,
            uuid=new_id(),
            number=number,
            url=f"https://harbour.example/{number}",
            clicks=clicks,
            unique_clicks=min(clicks, 4),
        )
    answer = (await api.get(f"{sent.path}/link-clicks")).json()
    assert [row["clicks"] for row in answer["data"]] == [9, 5, 0]
    assert set(answer["data"][0]) == {"uuid", "url", "clicks", "unique_clicks"}
    assert answer["pagination"]["total"] == 3


@pytest.mark.checklist("U12")
async def test_the_reports_figures_add_up(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant, sent: Ready, clock: Clock
) -> None:
    key = {"tenant_id": tenant.id, "campaign_id": await _campaign_id(database, sent)}
    await _add(
        database, tables.fan_outs, **key, audience_count=1000, queued_count=999, skipped_count=1
    )
    outcomes = {"sent": 400, "deferred": 9, "bounced": 8, "failed": 7, "canceled": 5}
    ranges = {"first_message_id": 1, "last_message_id": 500, "message_count": 500}
    await _add(database, tables.batches, **key, **ranges, **outcomes, number=1, possibly_repeated=1)
    more = {"sent": 100, "deferred": -9}
    await _add(database, tables.batches, **key, **ranges, number=2, **more)
    people = {"opened": 50, "opens": 70, "clicked": 20, "clicks": 30}
    later = {"unsubscribed": 3, "complained": 1, "bounced_later": 2}
    await _add(database, tables.campaign_counters, **key, **people, **later)
    began = clock() - timedelta(seconds=100)
    await put_in(database, sent.uuid, "sent", started_at=began, finished_at=clock())
    report = (await api.get(f"{sent.path}/report")).json()["data"]
    assert report["status"] == "sent"
    expected = {"audience": 1000, "sent": 500, "delivered": 498, "bounced": 10, "failed": 7}
    expected |= {"deferred": 0, "canceled": 5, "queued": 999 - 520, "possibly_repeated": 1}
    expected |= people | {"unsubscribed": 3, "complained": 1}
    assert {name: report[name] for name in expected} == expected
    assert report["skipped"] == {"unsubscribed": 1}
    assert report["rate"] == 5.0
    parts = ("delivered", "bounced", "failed", "deferred", "canceled", "queued")
    assert report["audience"] == sum(report[part] for part in parts) + sum(
        report["skipped"].values()
    )
    stats = (await api.get(f"{sent.path}?include=stats")).json()["data"]["stats"]
    assert (stats["recipients"], stats["delivered"]) == (999, 498)
    assert (stats["open_rate"], stats["click_rate"]) == (0.1004, 0.0402)
    assert (await read(api, sent.uuid))["recipients_count"] == 999


async def test_the_report_of_a_draft_is_all_zeros(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    campaign = await ready(api, database, tenant)
    report = (await api.get(f"{campaign.path}/report")).json()["data"]
    assert (report["audience"], report["sent"], report["queued"]) == (0, 0, 0)
    assert (report["skipped"], report["rate"]) == ({}, 0.0)


async def test_a_transport_that_is_away_is_told_while_it_holds_the_campaign_up(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant, clock: Clock
) -> None:
    campaign = await ready(api, database, tenant)
    async with database.transaction() as connection:
        await connection.execute(
            update(tables.projects).values(outage_since=clock(), outage_reason="connection refused")
        )
    assert (await read(api, campaign.uuid))["stalled_reason"] is None
    await put_in(database, campaign.uuid, "sending")
    assert (await read(api, campaign.uuid))["stalled_reason"] == "connection refused"


# --- Previews


@pytest.mark.checklist("Z12")
async def test_a_preview_is_the_mail_as_one_person_gets_it(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    zoe = await make_contact(database, tenant.id, first_name="Zoë <b>", attributes={"plan": "pro"})
    greeting = 'Hi {{ contact.first_name | default: "friend" }}, {{ attributes.plan }}'
    campaign = await ready(
        api, database, tenant, subject=greeting, preheader="For {{ first_name }}", content=greeting
    )
    answer = await api.post(f"{campaign.path}/render", json={"contact_uuid": str(zoe.uuid)})
    shown = answer.json()["data"]
    assert shown["subject"] == "Hi Zoë <b>, pro"
    assert "Hi Zoë &lt;b&gt;, pro" in shown["html"]
    assert "Hi Zoë <b>, pro" in shown["text"]
    preheader, body = shown["html"].index("For Zoë"), shown["html"].index("Hi Zoë")
    assert preheader < body, "the preheader is what an inbox shows first"
    sample = (await api.post(f"{campaign.path}/render", json={"language": "es"})).json()["data"]
    assert sample["subject"] == "Hi María, "


async def test_a_preview_has_nothing_that_acts(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    page = '<html><body><p onclick="x()">Hi</p><script>x()</script></body></html>'
    campaign = await ready(api, database, tenant, content=None, html=page)
    safe = (await api.post(f"{campaign.path}/render", json={})).json()["data"]["html"]
    assert "script" not in safe
    assert "onclick" not in safe
    raw = await api.post(f"{campaign.path}/render", json={"sanitize": False})
    assert "onclick" in raw.json()["data"]["html"]


async def test_a_preview_of_somebody_elses_contact_is_a_404(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant, other_tenant: MadeTenant
) -> None:
    foreign = await make_contact(database, other_tenant.id)
    campaign = await ready(api, database, tenant, content=None, document=RICH_DOCUMENT)
    answer = await api.post(f"{campaign.path}/render", json={"contact_uuid": str(foreign.uuid)})
    assert (answer.status_code, code(answer)) == (404, "RESOURCE_NOT_FOUND")


async def test_what_is_not_written_yet_is_null_in_a_preview(api: httpx2.AsyncClient) -> None:
    made = await create(api)
    shown = (await api.post(f"/campaigns/{made['uuid']}/render", json={})).json()["data"]
    assert shown == {"subject": None, "preheader": None, "html": None, "text": None}


async def test_the_timeline_begins_when_the_campaign_did(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant, clock: Clock
) -> None:
    draft = await ready(api, database, tenant)
    empty = (await api.get(f"{draft.path}/timeline")).json()["data"]
    assert empty == {"started_at": None, "buckets": []}
    async with database.transaction() as connection:
        change = update(tables.campaigns).where(tables.campaigns.c.uuid == UUID(draft.uuid))
        await connection.execute(change.values(started_at=clock.time))
    clock.advance(minutes=90)
    timeline = (await api.get(f"{draft.path}/timeline")).json()["data"]
    assert len(timeline["buckets"]) == 2
    first = timeline["buckets"][0]
    assert first.pop("since") == timeline["started_at"]
    assert first.pop("until") == timeline["buckets"][1]["since"]
    assert first == {"opens": 0, "machine_opens": 0, "clicks": 0, "machine_clicks": 0}


async def test_preflight_tells_who_gets_it_what_is_missing_and_what_to_look_at(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    campaign = await ready(api, database, tenant)
    await api.patch(campaign.path, json={"preheader": "x", "content": "Hi {{ attributes.plan }}."})
    found = (await api.get(f"{campaign.path}/preflight")).json()["data"]
    people = (await api.get(f"{campaign.path}/contacts")).json()["pagination"]["total"]
    assert found["recipients"] == people
    assert found["readiness"]["can_send"] is True
    assert [finding["code"] for finding in found["findings"]] == [
        "ATTRIBUTE_UNKNOWN",
        *(["AUDIENCE_EMPTY"] if not people else []),
    ]
    await api.patch("/account", json={"postal_address": None, "monthly_quota": 0})
    await make_contact(database, tenant.id, attributes={"plan": "pro"})
    everybody: dict[str, Any] = {"audience_filter": {}, "list_uuid": None}
    await api.patch(campaign.path, json=everybody)
    found = (await api.get(f"{campaign.path}/preflight")).json()["data"]
    codes = [finding["code"] for finding in found["findings"]]
    assert codes == ["POSTAL_ADDRESS_MISSING", "QUOTA_SHORT"]
    bare = (await api.post("/campaigns", json={"name": "Bare"})).json()["data"]
    found = (await api.get(f"/campaigns/{bare['uuid']}/preflight")).json()["data"]
    assert (found["recipients"], found["readiness"]["can_send"]) == (0, False)
