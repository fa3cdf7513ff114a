"""`/emails` and `/events`: single mails through the native API."""

from __future__ import annotations

import base64
from typing import Any

import httpx2
import pytest

from mailwright.services.runtime import Runtime
from tests.api.conftest import ApiAs
from tests.builders import MadeTenant, make_contact, make_list, make_sender, make_template


@pytest.fixture(autouse=True)
async def sender(runtime: Runtime, tenant: MadeTenant) -> str:
    return str((await make_sender(runtime.database, tenant.id, "shop@example.com")).uuid)


def receipt(to: str = "ada@example.org", **fields: Any) -> dict[str, Any]:
    return {"to": to, "subject": "Receipt", "html": "<p>Thank you.</p>"} | fields


async def test_a_mail_is_answered_read_listed_shown_and_canceled(
    api: httpx2.AsyncClient, sender: str, runtime: Runtime, tenant: MadeTenant
) -> None:
    await make_contact(runtime.database, tenant.id, "ada@example.org", first_name="Ada")
    body = receipt(
        html="<p>Dear {{ first_name }}, {{ order }}: <a href='https://x.example/a'>a</a></p>",
        data={"order": "4711"},
        tags=["receipt"],
        sender_uuid=sender,
        track_clicks=True,
        attachments=[
            {
                "name": "bill.pdf",
                "content_type": "application/pdf",
                "content": base64.b64encode(b"%PDF").decode(),
            }
        ],
        headers=[{"name": "X-Order", "value": "4711"}],
        metadata={"order": "4711"},
        scheduled_at="2099-01-01T00:00:00Z",
    )
    body["scheduled_at"] = runtime.now().replace(year=runtime.now().year + 1).isoformat()
    made = await api.post("/emails", json=body)
    assert made.status_code == 201, made.text
    email = made.json()["data"]
    assert (email["status"], email["state"], email["attachment_count"]) == (
        "scheduled",
        "queued",
        1,
    )
    read = (await api.get(f"/emails/{email['uuid']}")).json()["data"]
    assert read["email"] == email
    assert [event["kind"] for event in read["events"]] == ["submitted"]
    listed = (await api.get("/emails", params={"tag": "receipt", "status": "scheduled"})).json()
    assert [row["uuid"] for row in listed["data"]] == [email["uuid"]]
    assert listed["pagination"] == {
        "current_page": 1,
        "per_page": 100,
        "has_more": False,
        "next_cursor": None,
    }
    url = f"/emails/{email['uuid']}/render"
    shown = (await api.get(url)).json()["data"]
    assert "Dear Ada, 4711" in shown["html"]
    assert "https://x.example/a" in shown["html"]
    tracked = (await api.get(url, params={"tracking": True})).json()["data"]
    assert "/c/" in tracked["html"]
    submitted = (await api.get(url, params={"as_submitted": True})).json()["data"]
    assert "{{ order }}" in submitted["html"]
    canceled = await api.post(f"/emails/{email['uuid']}/cancel")
    assert canceled.json()["data"]["status"] == "canceled"
    again = await api.post(f"/emails/{email['uuid']}/cancel")
    assert (again.status_code, again.json()["error"]["code"]) == (409, "EMAIL_NOT_CANCELABLE")
    resent = await api.post(f"/emails/{email['uuid']}/resend")
    assert (resent.status_code, resent.json()["data"]["status"]) == (201, "queued")
    too_early = await api.post(f"/emails/{resent.json()['data']['uuid']}/resend")
    assert (too_early.status_code, too_early.json()["error"]["code"]) == (
        409,
        "EMAIL_NOT_RESENDABLE",
    )
    params = {"tag": "receipt", "email_uuid": email["uuid"]}
    events = (await api.get("/events", params=params)).json()["data"]
    assert [event["kind"] for event in events] == ["canceled", "submitted"]
    one_kind = (await api.get("/events", params={"kind": "canceled"})).json()["data"]
    of_address = (await api.get("/events", params={"to": email["to"].upper()})).json()["data"]
    assert of_address[2:] == events
    assert (await api.get("/events", params={"to": "nobody@example.org"})).json()["data"] == []
    assert [event["email_uuid"] for event in one_kind] == [email["uuid"]]


async def test_the_same_key_sends_once(api: httpx2.AsyncClient) -> None:
    key = {"Idempotency-Key": "order-4711"}
    first = await api.post("/emails", json=receipt(), headers=key)
    again = await api.post("/emails", json=receipt(), headers=key)
    assert first.json() == again.json()
    assert len((await api.get("/emails")).json()["data"]) == 1
    other = await api.post("/emails", json=receipt("b@example.org"), headers=key)
    assert other.json()["error"]["code"] == "IDEMPOTENCY_KEY_REUSED"


async def test_a_batch_accepts_and_refuses_one_by_one(api: httpx2.AsyncClient) -> None:
    rows = [receipt("a@example.org"), receipt("nobody"), receipt("b@example.org", subject=" ")]
    answer = (await api.post("/emails/batch", json={"emails": rows})).json()["data"]
    assert (answer["accepted"], answer["rejected"]) == (1, 2)
    assert [row["error"] and list(row["error"]["details"]) for row in answer["results"]] == [
        None,
        ["to"],
        ["subject"],
    ]
    too_many = await api.post("/emails/batch", json={"emails": [receipt()] * 101})
    assert too_many.status_code == 422


@pytest.mark.parametrize(
    ("fields", "status", "code", "field"),
    [
        ({"to": "nobody"}, 422, "VALIDATION_ERROR", "to"),
        ({"color": "red"}, 422, "VALIDATION_ERROR", "color"),
        ({"sender_uuid": "0198e1b2-3c4d-7e5f-8a9b-0c1d2e3f4a5b"}, 422, None, "sender_uuid"),
        ({"list_uuid": "0198e1b2-3c4d-7e5f-8a9b-0c1d2e3f4a5b"}, 422, None, "list_uuid"),
        ({"project_uuid": "0198e1b2-3c4d-7e5f-8a9b-0c1d2e3f4a5b"}, 422, None, "project_uuid"),
        ({"attachments": [{"name": "a", "content_type": "a/b", "content": "%"}]}, 422, None, None),
        ({"scheduled_at": "tomorrow"}, 422, "VALIDATION_ERROR", "scheduled_at"),
        ({"stream": "bulk"}, 422, "VALIDATION_ERROR", "stream"),
        ({"stream": "marketing"}, 422, "RECIPIENT_UNSUBSCRIBED", "to"),
        ({"html": None, "subject": None, "template": "x"}, 404, "RESOURCE_NOT_FOUND", None),
    ],
)
async def test_what_is_wrong_is_said_in_native_form(
    api: httpx2.AsyncClient,
    fields: dict[str, Any],
    status: int,
    code: str | None,
    field: str | None,
) -> None:
    answer = await api.post("/emails", json=receipt(**fields))
    assert answer.status_code == status, answer.text
    error = answer.json()["error"]
    assert error["code"] == (code or "VALIDATION_ERROR")
    assert field is None or field in error["details"]
    assert (await api.get("/emails")).json()["data"] == []


async def test_a_template_is_sent_in_the_readers_language(
    api: httpx2.AsyncClient, runtime: Runtime, tenant: MadeTenant
) -> None:
    made = await make_template(runtime.database, tenant.id, locale="de")
    a_list = await make_list(runtime.database, tenant.id)
    body = {"to": "new@example.org", "template_version_uuid": str(made.version.uuid)}
    body |= {"stream": "marketing", "list_uuid": str(a_list.uuid)}
    email = (await api.post("/emails", json=body)).json()["data"]
    shown = (await api.get(f"/emails/{email['uuid']}/render")).json()["data"]
    assert shown["subject"] == "Hello de"
    assert "Abmelden" in shown["html"]


async def test_a_test_key_sends_to_the_inbox(api_as: ApiAs, tenant: MadeTenant) -> None:
    api = await api_as(tenant, sandbox=True)
    assert (await api.post("/emails", json=receipt())).json()["data"]["sandbox"] is True
