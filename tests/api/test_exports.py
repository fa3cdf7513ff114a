"""`/exports`: CSV files that spreadsheets and our own import read."""

from __future__ import annotations

import csv
import io
from typing import Any

import httpx2
import pytest

from mailwright.services import exports
from mailwright.store.database import Database
from mailwright.store.tables import list_members
from tests.builders import (
    MadeTenant,
    make_campaign,
    make_contact,
    make_list,
    make_message,
    make_segment,
)
from tests.clock import Clock


async def _csv(api: httpx2.AsyncClient, path: str, **params: Any) -> list[dict[str, str]]:
    answer = await api.get(path, params=params)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(answer.text)))


async def test_contacts_come_with_their_attributes_oldest_first(
    api: httpx2.AsyncClient,
    database: Database,
    tenant: MadeTenant,
    other_tenant: MadeTenant,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(exports, "PAGE_ROWS", 2)
    await make_contact(database, other_tenant.id, attributes={"secret": "x"})
    for number in range(5):
        await make_contact(
            database,
            tenant.id,
            f"p{number}@x.com",
            first_name="Zoë, Jr.",
            attributes={"vip": True, "tags": ["a", "b"]} if number else {},
        )
    rows = await _csv(api, "/exports/contacts.csv")
    assert [row["email"] for row in rows] == [f"p{number}@x.com" for number in range(5)]
    assert rows[0]["first_name"] == "Zoë, Jr."
    assert rows[0]["subscription_status"] == "subscribed"
    assert [rows[1][f"attributes.{key}"] for key in ("vip", "tags")] == ["true", "a;b"]
    assert not any("secret" in heading for heading in rows[0])


async def test_contacts_are_narrowed_by_list_and_segment(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    news = await make_list(database, tenant.id)
    for name, list_id in (("a", news.id), ("b", news.id), ("left", news.id), ("out", None)):
        await make_contact(database, tenant.id, f"{name}@x.com", list_id=list_id)
    async with database.transaction() as connection:
        newest = list_members.c.contact_id == 3
        await connection.execute(list_members.update().where(newest).values(state="unsubscribed"))
    rule = {"field": "email", "op": "ne", "value": "a@x.com"}
    segment = await make_segment(database, tenant.id, rule)
    for params, names in (
        ({"list_uuid": news.uuid}, "a b"),
        ({"segment_uuid": segment.uuid}, "b left out"),
        ({"list_uuid": news.uuid, "segment_uuid": segment.uuid}, "b"),
    ):
        rows = await _csv(api, "/exports/contacts.csv", **params)
        assert " ".join(row["email"].split("@")[0] for row in rows) == names


@pytest.mark.checklist("SEC-18")
@pytest.mark.parametrize("cell", ["=1+1", "+34 600", "-1", "@SUM(A1)", "\t=1", "\r=1"])
async def test_formulas_are_quoted_unless_asked_for_raw_and_come_back_whole(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant, cell: str
) -> None:
    await make_contact(database, tenant.id, first_name=cell, attributes={"=key": cell})
    (row,) = await _csv(api, "/exports/contacts.csv")
    assert row["first_name"] == f"'{cell}"
    assert row["attributes.=key"] == f"'{cell}"
    (raw,) = await _csv(api, "/exports/contacts.csv", raw="true")
    assert raw["first_name"] == cell


async def test_recipients_come_as_the_ledger_has_them(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant, clock: Clock
) -> None:
    campaign = await make_campaign(database, tenant.id)
    contact = await make_contact(database, tenant.id, first_name="Zoë")
    await make_message(
        database,
        tenant.id,
        campaign_id=campaign.id,
        contact_id=contact.id,
        email="zoe@x.com",
        state="sent",
        sent_at=clock(),
    )
    await make_message(
        database,
        tenant.id,
        campaign_id=campaign.id,
        contact_id=99,
        email="gone@x.com",
        state="skipped",
        reason="unsubscribed",
    )
    sent, skipped = await _csv(api, f"/exports/campaigns/{campaign.uuid}/recipients.csv")
    assert (sent["email"], sent["first_name"], sent["state"]) == ("zoe@x.com", "Zoë", "sent")
    assert sent["sent_at"] == clock().strftime("%Y-%m-%dT%H:%M:%SZ")
    assert (skipped["state"], skipped["reason"]) == ("skipped", "unsubscribed")


@pytest.mark.checklist("SEC-10")
async def test_nothing_of_another_tenant_is_exported(
    api: httpx2.AsyncClient, database: Database, other_tenant: MadeTenant
) -> None:
    theirs = await make_list(database, other_tenant.id)
    campaign = await make_campaign(database, other_tenant.id)
    segment = await make_segment(database, other_tenant.id)
    for path in (
        f"/exports/contacts.csv?list_uuid={theirs.uuid}",
        f"/exports/contacts.csv?segment_uuid={segment.uuid}",
        f"/exports/campaigns/{campaign.uuid}/recipients.csv",
    ):
        answer = await api.get(path)
        assert answer.status_code == 404
        assert answer.json()["error"]["code"] == "RESOURCE_NOT_FOUND"
