"""Figures of the account and of lists, and the log, through the native API."""

from __future__ import annotations

from typing import Any

import httpx2
from sqlalchemy import insert

from mailwright.store import tables
from mailwright.store.database import Database
from tests.builders import MadeTenant, make_campaign, make_contact, make_list
from tests.services.test_campaign_events import NOON, tell


async def _sent(database: Database, tenant: MadeTenant, list_id: int, **counts: Any) -> None:
    campaign = await make_campaign(
        database, tenant.id, list_id=list_id, state="sent", started_at=NOON
    )
    key = {"tenant_id": tenant.id, "campaign_id": campaign.id}
    batch = {"number": 1, "first_message_id": 1, "last_message_id": 9, "message_count": 9}
    async with database.transaction() as connection:
        await connection.execute(
            insert(tables.batches).values(**key, **batch, sent=8, bounced=1, state="done")
        )
        await connection.execute(insert(tables.campaign_counters).values(**key, **counts))


async def test_a_list_report_counts_its_people_and_adds_its_campaigns_up(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    a_list = await make_list(database, tenant.id)
    for consent in ("subscribed", "subscribed", "unconfirmed", "unsubscribed"):
        await make_contact(database, tenant.id, list_id=a_list.id, consent=consent)
    await make_contact(database, tenant.id, "gone@x.example", list_id=a_list.id)
    await api.post("/suppressions", json={"email": "gone@x.example", "reason": "bounce"})
    await _sent(database, tenant, a_list.id, opened=4, clicked=2, unsubscribed=1)
    await _sent(database, tenant, a_list.id, opened=2, bounced_later=1)
    report = (await api.get(f"/reports/lists/{a_list.uuid}")).json()["data"]
    people = ("active", "pending", "unsubscribed", "invalid", "flagged")
    assert [report[name] for name in people] == [2, 1, 1, 1, 0]
    sums = report["campaigns"]
    assert (sums["campaigns"], sums["sent"], sums["delivered"], sums["bounced"]) == (2, 16, 15, 3)
    assert (sums["opened"], sums["open_rate"]) == (6, 0.4)
    assert (sums["bounce_rate"], sums["click_to_open_rate"]) == (0.1667, 0.3333)


async def test_the_account_report_knows_spans(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    a_list = await make_list(database, tenant.id)
    await make_contact(database, tenant.id)
    await _sent(database, tenant, a_list.id, opened=1)

    async def report(**span: str) -> dict[str, Any]:
        return (await api.get("/reports/account", params=span)).json()["data"]

    whole = await report()
    assert (whole["active_contacts"], whole["lists"], whole["emails_submitted"]) == (1, 1, 0)
    assert whole["campaigns"]["sent"] == 8
    assert (await report(since="2026-11-01T12:00:00Z"))["campaigns"]["sent"] == 8
    assert (await report(until="2026-11-01T12:00:00Z"))["campaigns"]["sent"] == 0


async def test_the_log_is_walked_by_cursor(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    story = await tell(database, tenant)
    noted = [await story.note("sent", number % 3) for number in range(3)]
    noted.append(await story.note("bounced", 0, data={"reason": "mailbox-full"}))
    path = f"/campaigns/{story.campaign.uuid}/events"
    seen: list[int] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = (await api.get(path, params={"per_page": 3, "cursor": cursor})).json()
        seen += [row["id"] for row in answer["data"]]
        cursor = answer["pagination"]["next_cursor"]
    assert seen == noted
    (bounce,) = (await api.get(path, params={"kind": "bounced"})).json()["data"]
    assert (bounce["bounce"], bounce["reason"]) == ("full_mailbox", "mailbox-full")
    totals = (await api.get(f"{path}/totals")).json()["data"]
    assert {row["kind"]: row["occurrences"] for row in totals} == {"sent": 3, "bounced": 1}
    for wrong in ({"email": "x" * 400}, {"cursor": "x"}, {"since": "yesterday"}, {"sort": "at"}):
        refused = await api.get(path, params=wrong)
        assert refused.status_code == 422, wrong
        assert next(iter(wrong)) in refused.json()["error"]["details"]


async def test_logs_and_reports_are_exported_in_the_background(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    story = await tell(database, tenant)
    log = await api.post(
        f"/campaigns/{story.campaign.uuid}/events/export?kind=sent", json={"description": "May"}
    )
    reports = await api.post("/reports/export", json={})
    for made, kind in ((log, "campaign-events"), (reports, "campaign-reports")):
        assert made.status_code == 201, made.text
        data = made.json()["data"]
        assert (data["kind"], data["status"]) == (kind, "pending")
        assert (await api.get(f"/exports/{data['uuid']}")).json()["data"] == data
    entries = (await api.get("/audit-log")).json()["data"]
    assert [entry["action"] for entry in entries].count("export.create") == 2
