"""Cakemail's first API of single mails: over the same mails as the second, and every other door."""

from __future__ import annotations

import base64
from collections.abc import AsyncGenerator
from typing import Any
from uuid import UUID

import httpx2
import pytest

from mailwright.app import create_web_app
from mailwright.domain.doors import Door
from mailwright.services import emails, tracking
from mailwright.services.caller import Caller
from mailwright.services.runtime import Runtime
from mailwright.services.tracking import Hit
from mailwright.store.database import Database
from mailwright.wire.smtp_reply import Phase
from tests.builders import Made, MadeTenant, make_sender, make_template
from tests.delivery.single_stage import SingleStage, set_single_stage
from tests.dialects.cakemail.conftest import ClientAs, client_of, make_key
from tests.dialects.cakemail.document import assert_answer

BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
async def sender(database: Database, tenant: MadeTenant) -> Made:
    return await make_sender(database, tenant.id, "sender@example.com")


@pytest.fixture
def body(sender: Made) -> dict[str, Any]:
    return {
        "email": "ada@example.org",
        "sender": {"id": str(sender.id), "name": "Shop"},
        "group_id": 7,
        "content": {"subject": "Receipt", "html": "<p>Thanks, {{ who }}</p>", "text": "Thanks"},
    }


async def log(client: httpx2.AsyncClient, log_type: str = "all", **query: Any) -> Any:
    asked = {"log_type": log_type, **query}
    return assert_answer("/logs/emails", await client.get("/logs/emails", params=asked))


@pytest.mark.checklist("X02", "X05")
async def test_a_mail_of_either_api_is_seen_in_both(
    client: httpx2.AsyncClient, body: dict[str, Any]
) -> None:
    attributes = [{"name": "who", "value": "Ada"}]
    file = base64.b64encode(b"%PDF").decode()
    more = {
        "content": body["content"] | {"custom_attributes": attributes},
        "additional_headers": [{"name": "X-Order", "value": "4711"}],
        "attachment": {"filename": "bill.pdf", "type": "pdf", "content": file},
        "tracking": {"opens": True, "clicks_html": False},
        "queue": 0,
        "account_id": 1,
    }
    answer = await client.post("/emails", json=body | more)
    made = assert_answer("/emails", answer, 201)
    assert (made["email"], made["object"], made["sent"]) == ("ada@example.org", "email", True)
    number, uuid = made["data"]["id"], made["data"]["uuid"]
    read = (await client.get(f"/v2/emails/{uuid}")).json()
    assert read["tags"] == ["group-7"]
    assert read["sender"]["name"] == "Shop"
    assert read["content"]["type"] == "transactional"
    assert read["tracking"] == {"opens": True, "clicks_html": False, "clicks_text": True}
    assert "Thanks, Ada" in (await client.get(f"/v2/emails/{uuid}/render")).text
    rows = (await log(client, filter=f"email_id=={number}"))["data"]
    assert [row["type"] for row in rows] == ["in_queue", "received"]
    assert rows[0]["additional_headers"] == [{"name": "X-Order", "value": "4711"}]
    assert (rows[0]["group_id"], rows[0]["sender_name"]) == (7, "Shop")

    second = {
        "to": "bo@example.org",
        "subject": "Hi",
        "html": "<p>Hi</p>",
        "tags": ["a", "group-7", "group-12"],
    }
    assert (await client.post("/v2/emails", json=second)).status_code == 201
    rows = (await log(client, filter="group_id==7"))["data"]
    assert [row["email"] for row in rows] == ["bo@example.org"] * 2 + ["ada@example.org"] * 2
    groups = await client.get("/email-group-ids", params={"with_count": True})
    told = assert_answer("/email-group-ids", groups)
    assert (told["data"], told["pagination"]["count"]) == ([{"id": 7}, {"id": 12}], 2)


async def test_the_words_may_be_a_templates(
    client: httpx2.AsyncClient, runtime: Runtime, tenant: MadeTenant, body: dict[str, Any]
) -> None:
    html = "<p>Code {{ code }}</p>"
    made = await make_template(runtime.database, tenant.id, html=html)
    attributes = [{"name": "code", "value": "0417"}]
    template = {"id": made.id, "custom_attributes": attributes}
    content = {"subject": "Your code", "template": template}
    answer = await client.post("/emails", json=body | {"content": content})
    uuid = assert_answer("/emails", answer, 201)["data"]["uuid"]
    assert "Code 0417" in (await client.get(f"/v2/emails/{uuid}/render")).text


@pytest.mark.parametrize(
    ("fields", "status", "place"),
    [
        ({"email": None}, 422, "email"),
        ({"email": "nobody"}, 422, "email"),
        ({"sender": {}}, 422, "sender.id"),
        ({"sender": {"id": "4711"}}, 400, "sender.id"),
        ({"content": {"html": "<p>x</p>"}}, 422, "content.subject"),
        ({"content": {"subject": "x"}}, 400, "content.html"),
        ({"content": {"subject": "x", "html": "x", "encoding": "jis"}}, 400, "content.encoding"),
        ({"content": {"subject": "x", "template": {"id": 4711}}}, 400, "content.template.id"),
        ({"group_id": 0}, 422, "group_id"),
        ({"group_id": 2**63}, 422, "group_id"),
        ({"queue": 1}, 400, "queue"),
        ({"queue": 2}, 422, "queue"),
        ({"additional_headers": [{"name": "Bcc", "value": "x"}]}, 400, "additional_headers"),
        ({"attachment": {"filename": "a.pdf", "type": "pdf", "content": "%"}}, 400, "attachment"),
        ({"attachment": {"filename": "a.exe", "type": "exe", "content": ""}}, 400, "attachment"),
    ],
)
async def test_what_is_wrong_is_said_and_nothing_is_sent(
    client: httpx2.AsyncClient,
    body: dict[str, Any],
    fields: dict[str, Any],
    status: int,
    place: str,
) -> None:
    given = {name: value for name, value in (body | fields).items() if value is not None}
    problem = assert_answer("/emails", await client.post("/emails", json=given), status)
    assert problem["detail"][0]["loc"] == ["body", *place.split(".")]
    assert (await log(client))["data"] == []


@pytest.mark.parametrize(
    ("path", "query", "place"),
    [
        ("/logs/emails", {}, "log_type"),
        ("/logs/emails", {"log_type": "teleported"}, "log_type"),
        ("/logs/emails", {"log_type": "all", "filter": "color==red"}, "filter"),
        ("/logs/emails", {"log_type": "all", "filter": "group_id==x"}, "filter"),
        ("/logs/emails", {"log_type": "all", "start_time": "tomorrow"}, "start_time"),
        ("/reports/emails", {"start_time": 200, "end_time": 100}, "end_time"),
        ("/reports/emails", {"start_time": 1, "end_time": 2**31 - 1}, "start_time"),
        ("/reports/emails", {"start_time": 0, "end_time": 100}, "start_time"),
    ],
)
async def test_a_question_nobody_can_answer_is_refused_by_name(
    client: httpx2.AsyncClient, path: str, query: dict[str, Any], place: str
) -> None:
    answer = await client.get(path, params=query)
    assert answer.status_code in {400, 422}
    problem = assert_answer(path, answer, answer.status_code)
    assert problem["detail"][0]["loc"] == ["query", place]


@pytest.fixture
async def stage(
    runtime: Runtime, tenant: MadeTenant
) -> AsyncGenerator[tuple[SingleStage, httpx2.AsyncClient]]:
    """A worker at work, and a client."""
    caller = Caller(tenant.id, "key:test", Door.CAKEMAIL, frozenset({"*"}))
    async with set_single_stage(runtime, tenant, caller) as set_up:
        client = client_of(create_web_app(set_up.runtime), await make_key(set_up.runtime, tenant))
        async with set_up.working(), client:
            yield set_up, client


async def test_log_and_figures_follow_a_mails_life(
    stage: tuple[SingleStage, httpx2.AsyncClient],
) -> None:
    scene, client = stage
    scene.sink.answer(Phase.RCPT, "550 5.1.1 no such user", recipient="gone@*")
    [sender] = (await client.get("/brands/default/senders")).json()["data"]
    numbers: dict[str, int] = {}
    for to in ("ada@example.org", "bo@example.org", "gone@example.org"):
        content = {"subject": "Hi", "html": "<a href='https://x.example'>x</a>"}
        body = {"email": to, "sender": {"id": sender["id"]}, "content": content}
        made = (await client.post("/emails", json=body)).json()["data"]
        numbers[to] = made["id"]
        view = await emails.get_email(scene.runtime, scene.caller, UUID(made["uuid"]))
        await scene.until_status(view, "delivered", "bounced")
    now = scene.runtime.now()
    key = scene.tenant.id, numbers["ada@example.org"], now
    seen = {"verdict": "human", "agent": BROWSER}
    await tracking.record_hits(scene.runtime, [Hit(*key, seen)])
    clicked = seen | {"url": "https://x.example"}
    await tracking.record_hits(scene.runtime, [Hit(*key, clicked, link_number=0)])

    async def found(log_type: str, **query: Any) -> list[tuple[str, int]]:
        rows = (await log(client, log_type, **query))["data"]
        return [(row["type"], row["email_id"]) for row in rows]

    ada, gone = numbers["ada@example.org"], numbers["gone@example.org"]
    assert await found("bounce") == [("bounce_hb", gone)]
    assert (await log(client, "bounce"))["data"][0]["dsn_message"] == "550 5.1.1 no such user"
    assert await found("open") == [("open", ada)]
    [click] = (await log(client, "clickthru"))["data"]
    assert (click["type"], click["clickthru_url"]) == ("clickthru", "https://x.example")
    assert click["user_agent"]["browser"]["family"] == "Firefox"
    assert await found("sent", filter="email==ADA@example.org") == [("sent", ada)]
    assert await found("sent", filter=f"email_id=={gone}") == []
    for nothing in ("unsubscribe", "resubscribe", "spam", "global_unsubscribe"):
        assert await found(nothing) == []
    seconds = int(now.timestamp())
    assert await found("all", end_time=seconds - 3600) == []
    assert len(await found("all", start_time=seconds - 3600, end_time=seconds + 5)) == 11
    second = await log(client, per_page=4, page=2, with_count=True)
    assert second["pagination"] == {"page": 2, "per_page": 4, "count": 11}
    assert len(second["data"]) == 4
    span = {"start_time": seconds - 3600, "end_time": seconds + 5}
    days = assert_answer("/reports/emails", await client.get("/reports/emails", params=span))
    total = {name: sum(day[name] for day in days["data"]) for name in days["data"][0]}
    assert (total["sent_emails"], total["spam_rate"]) == (2, 0)
    if len(days["data"]) == 1:  # it was not midnight
        assert (total["open_rate"], total["click_rate"], total["bounce_rate"]) == (0.5, 0.5, 0.3333)
    assert (await client.get("/reports/emails")).json() == days


@pytest.mark.checklist("SEC-10")
async def test_mails_and_groups_are_their_tenants_own(
    client: httpx2.AsyncClient,
    client_as: ClientAs,
    other_tenant: MadeTenant,
    tenant: MadeTenant,
    body: dict[str, Any],
) -> None:
    number = (await client.post("/emails", json=body)).json()["data"]["id"]
    described = {"description": "Receipts"}
    answer = await client.patch("/email-group-ids/7", json=described)
    told = assert_answer("/email-group-ids/{group_id}", answer)
    assert told["data"] == {"id": 7, "description": "Receipts"}
    stranger = await client_as(other_tenant)
    assert (await log(stranger, filter=f"email_id=={number}"))["data"] == []
    assert (await log(stranger, filter="group_id==7"))["data"] == []
    assert (await stranger.get("/email-group-ids")).json()["data"] == []
    assert (await stranger.get("/reports/emails")).json()["data"] == []
    refused = await stranger.patch("/email-group-ids/7", json=described)
    assert_answer("/email-group-ids/{group_id}", refused, 404)
    assert (await stranger.post("/emails", json=body)).json()["detail"][0]["loc"][1:] == [
        "sender",
        "id",
    ]
    wrong = await client.patch("/email-group-ids/7", json={"description": "<b>"})
    assert_answer("/email-group-ids/{group_id}", wrong, 422)
    reader = await client_as(tenant, "lists:read")
    for method, path in (
        ("POST", "/emails"),
        ("GET", "/logs/emails?log_type=all"),
        ("GET", "/reports/emails"),
        ("GET", "/email-group-ids"),
        ("PATCH", "/email-group-ids/7"),
    ):
        given = body if path == "/emails" else described
        answer = await reader.request(method, path, json=None if method == "GET" else given)
        assert answer.status_code == 403, path
