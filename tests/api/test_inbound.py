"""`POST /inbound`: returned mail over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx2
import pytest

from mailwright.api.limits import BODY_BYTES_MAX
from mailwright.domain.tokens import Tokens
from mailwright.services.runtime import Runtime
from mailwright.store.database import Database
from tests.api.conftest import ApiAs
from tests.builders import MadeTenant, make_campaign, make_contact, make_message
from tests.returned_mails import auto_reply, complaint, dsn

MAIL = {"Content-Type": "message/rfc822"}


@pytest.mark.checklist("E27", "E28")
async def test_a_bounce_and_a_complaint_show_wherever_the_campaign_is_told(
    api: httpx2.AsyncClient, runtime: Runtime, database: Database, tenant: MadeTenant
) -> None:
    campaign = await make_campaign(database, tenant.id, state="sent")
    paths: dict[str, str] = {}
    for name in ("ada", "bob"):
        contact = await make_contact(database, tenant.id, f"{name}@example.org")
        row = await make_message(
            database,
            tenant.id,
            email=f"{name}@example.org",
            campaign_id=campaign.id,
            contact_id=contact.id,
            state="sent",
        )
        paths[name] = f"{Tokens(runtime.keys).return_path(tenant.id, row)}@acme.test"
    answer = await api.post("/inbound", content=dsn(paths["ada"], "ada@example.org"), headers=MAIL)
    assert answer.status_code == 200
    data = answer.json()["data"]
    assert (data["kind"], data["outcome"]) == ("bounce", "recorded")
    assert data["message"] == {
        "message_id": data["message"]["message_id"],
        "email": "ada@example.org",
        "state": "bounced",
        "campaign_uuid": str(campaign.uuid),
        "email_uuid": None,
    }
    assert data["bounce"]["hard"] is True
    mail = complaint("To: redacted", sender=paths["bob"])
    data = (await api.post("/inbound", content=mail, headers=MAIL)).json()["data"]
    assert (data["kind"], data["outcome"], data["bounce"]) == ("complaint", "recorded", None)

    path = f"/campaigns/{campaign.uuid}"
    shown = (await api.get(f"{path}/recipients", params={"include": "delivery,engagement"})).json()[
        "data"
    ]
    ada, bob = sorted(shown, key=lambda row: row["email"])
    assert (ada["status"], ada["state"], ada["delivery"]["delivered"]) == (
        "failed",
        "bounced",
        False,
    )
    assert bob["engagement"]["complained_at"] is not None
    failed = (await api.get(f"{path}/recipients", params={"status": "failed"})).json()["data"]
    assert [row["email"] for row in failed] == ["ada@example.org"]
    report = (await api.get(f"{path}/report")).json()["data"]
    assert (report["bounced"], report["complained"]) == (1, 1)
    suppressed = (await api.get("/suppressions")).json()["data"]
    assert {(row["email"], row["reason"]) for row in suppressed} == {
        ("ada@example.org", "bounce"),
        ("bob@example.org", "complaint"),
    }


async def test_the_envelopes_recipient_comes_by_query(
    api: httpx2.AsyncClient, runtime: Runtime, database: Database, tenant: MadeTenant
) -> None:
    row = await make_message(database, tenant.id, state="sent", email="ada@example.org")
    path = f"{Tokens(runtime.keys).return_path(tenant.id, row)}@acme.test"
    raw = dsn("bounces@acme.test", "ada@example.org")
    answer = await api.post("/inbound", params={"recipient": path}, content=raw, headers=MAIL)
    assert answer.json()["data"]["outcome"] == "recorded"
    answer = await api.post("/inbound", content=auto_reply(path), headers=MAIL)
    assert answer.json()["data"]["kind"] == "auto_reply"


async def test_it_needs_its_scope_a_mail_and_its_media_type(
    api: httpx2.AsyncClient, api_as: ApiAs, tenant: MadeTenant
) -> None:
    reader = await api_as(tenant, "events:read")
    answer = await reader.post("/inbound", content=b"x", headers=MAIL)
    assert (answer.status_code, answer.json()["error"]["details"]) == (
        403,
        {"missing_scope": "events:write"},
    )
    assert (await api.post("/inbound", content=b" \r\n", headers=MAIL)).status_code == 422
    answer = await api.post("/inbound", json={"mail": "x"})
    assert answer.status_code == 422
    assert "message/rfc822" in answer.json()["error"]["message"]


@pytest.mark.checklist("SEC-22")
async def test_a_mail_without_end_is_cut_off(api: httpx2.AsyncClient) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 100 * BODY_BYTES_MAX:
            sent += 1_000_000
            yield b"x" * 1_000_000

    answer = await api.post("/inbound", content=endless(), headers=MAIL)
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "PAYLOAD_TOO_LARGE")
    assert sent <= 2 * BODY_BYTES_MAX


async def test_hostile_bytes_are_answered_calmly(api: httpx2.AsyncClient) -> None:
    for raw in (b"\0", b"\xff\xfe" * 100, b"Content-Type: multipart/report; boundary=x\n\n--x\n"):
        answer = await api.post("/inbound", content=raw, headers=MAIL)
        assert answer.json()["data"] == {
            "kind": "unknown",
            "outcome": "ignored",
            "message": None,
            "bounce": None,
        }
