"""Single mails in Cakemail's voice (seed 001, checklist E15 to E42)."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncGenerator
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from sqlalchemy import select, update

from mailwright.app import create_web_app
from mailwright.domain.doors import Door
from mailwright.services import lists, tracking
from mailwright.services.caller import Caller
from mailwright.services.runtime import Runtime
from mailwright.services.tracking import Hit
from mailwright.store.database import Database
from mailwright.store.tables import list_members
from mailwright.wire.smtp_reply import Phase
from tests.builders import Made, MadeTenant, make_contact, make_list, make_sender
from tests.delivery.single_stage import SingleStage, set_single_stage
from tests.dialects.cakemail.conftest import client_of, make_key
from tests.dialects.cakemail.document import assert_answer

UUID_4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


@pytest.fixture
async def sender(database: Database, tenant: MadeTenant) -> Made:
    return await make_sender(database, tenant.id, "sender@example.com")


@pytest.fixture
async def a_list(database: Database, tenant: MadeTenant) -> Made:
    return await make_list(database, tenant.id, "News")


@pytest.fixture
def body(sender: Made, a_list: Made) -> dict[str, Any]:
    """The seed's own request."""
    return {
        "list_id": a_list.id,
        "sender": {"id": str(sender.id)},
        "email": "recipient@example.com",
        "content": {
            "type": "transactional",
            "subject": "Password Reset",
            "html": "<p>Click to reset.</p>",
        },
        "tags": ["password-reset", "auth"],
    }


@pytest.mark.checklist("E16", "E20", "E21", "E22", "E23", "E29", "E30")
async def test_a_mail_is_submitted_and_read_back(
    client: httpx2.AsyncClient, body: dict[str, Any], a_list: Made, sender: Made
) -> None:
    made = assert_answer("/v2/emails", await client.post("/v2/emails", json=body), 201)
    assert (made["email"], made["object"], made["submitted"]) == (
        "recipient@example.com",
        "email",
        True,
    )
    assert UUID_4.fullmatch(made["data"]["id"])
    assert made["data"]["status"] == "queued"
    assert made["id"] == made["data"]["id"]
    url = f"/v2/emails/{made['id']}"
    read = assert_answer("/v2/emails/{email_id}", await client.get(url))
    assert (read["email_id"], read["status"], read["list_id"]) == (made["id"], "queued", a_list.id)
    assert read["sender"] == {
        "id": str(sender.id),
        "name": "Ada Sender",
        "email": "sender@example.com",
    }
    assert read["tags"] == ["password-reset", "auth"]
    shown = await client.get(f"{url}/render")
    assert shown.headers["content-type"].startswith("text/html")
    assert "Click to reset." in shown.text


@pytest.mark.checklist("E15", "E17")
@pytest.mark.parametrize(
    "place",
    ["list_id", "sender.id", "email", "content.type", "content.subject", "content.html"],
)
async def test_each_required_field_that_is_left_out_is_named(
    client: httpx2.AsyncClient, body: dict[str, Any], place: str
) -> None:
    head, _, name = place.partition(".")
    inner = body[head] if name else body
    del inner[name or head]
    answer = await client.post("/v2/emails", json=body)
    problem = assert_answer("/v2/emails", answer, 400)
    assert [item["loc"] for item in problem["detail"]] == [["body", *place.split(".")]]
    assert "required" in problem["detail"][0]["msg"]
    assert (await client.get("/v2/logs/emails")).json()["data"] == []


@pytest.mark.checklist("E17")
async def test_everything_that_is_left_out_is_named_at_once(client: httpx2.AsyncClient) -> None:
    problem = (await client.post("/v2/emails", json={"email": "a@b.example"})).json()
    places = [".".join(item["loc"][1:]) for item in problem["detail"]]
    assert places == ["list_id", "sender.id", "content.type", "content.subject", "content.html"]


@pytest.mark.checklist("E18", "E35", "E36", "E38", "E39", "E40")
async def test_what_is_wrong_is_said_and_nothing_is_sent(
    client: httpx2.AsyncClient, runtime: Runtime, tenant: MadeTenant, body: dict[str, Any]
) -> None:
    database = runtime.database
    new = await make_sender(
        database, tenant.id, "new@example.com", confirmed_at=None, enabled=False
    )
    gone = await make_list(database, tenant.id, "Gone")
    owner = Caller(tenant.id, "key:test", Door.CAKEMAIL, frozenset({"*"}))
    await lists.delete_list(runtime, owner, gone.uuid)
    content = body["content"]
    for fields, status, place, words in (
        ({"content": content | {"type": "bulk"}}, 422, "content.type", "transactional"),
        ({"content": content | {"encoding": "klingon"}}, 400, "content.encoding", "encoding"),
        ({"sender": {"id": "4711"}}, 400, "sender.id", "no such sender"),
        ({"sender": {"id": str(new.id)}}, 400, None, "not been confirmed"),
        ({"list_id": 4711}, 400, "list_id", "no such list"),
        ({"list_id": gone.id}, 400, "list_id", "no such list"),
        ({"email": "nobody"}, 400, "email", "not a valid address"),
        ({"email": "nobody@"}, 400, "email", "not a valid address"),
        ({"tags": ["a b"]}, 400, "tags", "tag"),
        ({"tags": "auth"}, 422, "tags", "list"),
        ({"content": content | {"markup": {"@type": "Order"}}}, 400, "content.markup", "JSON-LD"),
        ({"contact_id": 4711}, 400, "contact_id", "no such contact"),
        ({"additional_headers": [{"name": "Bcc", "value": "x"}]}, 400, None, "Bcc"),
        ({"attachment": {"filename": "a.pdf", "type": "pdf", "content": "%"}}, 400, None, "base64"),
        ({"content": {"type": "marketing", "subject": "x", "template": {"id": 9}}}, 400, None, ""),
    ):
        answer = await client.post("/v2/emails", json=body | fields)
        problem = assert_answer("/v2/emails", answer, status)
        assert words in problem["message"], problem
        if place is not None:
            assert problem["detail"][0]["loc"][1:] == place.split(".")
    assert (await client.get("/v2/logs/emails")).json()["data"] == []
    names = [row["name"] for row in (await client.get("/lists")).json()["data"]]
    assert "Gone" not in names


async def test_a_contact_may_stand_for_the_address(
    client: httpx2.AsyncClient, database: Database, tenant: MadeTenant, body: dict[str, Any]
) -> None:
    contact = await make_contact(database, tenant.id, "ada@example.org")
    by_number = {name: value for name, value in body.items() if name != "email"}
    by_number["contact_id"] = contact.id
    made = assert_answer("/v2/emails", await client.post("/v2/emails", json=by_number), 201)
    assert made["email"] == "ada@example.org"
    both = await client.post("/v2/emails", json=by_number | {"email": "ADA@example.org"})
    assert both.status_code == 201
    other = await client.post("/v2/emails", json=by_number | {"email": "bo@example.org"})
    problem = assert_answer("/v2/emails", other, 400)
    assert problem["detail"][0]["loc"] == ["body", "email"]


@pytest.mark.checklist("E37")
async def test_a_sender_on_an_unauthenticated_domain_is_refused_with_what_is_missing(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    strict = {"require_authenticated_domains": "on"}
    async with set_single_stage(runtime, tenant, caller, **strict) as stage:
        client = await _client(stage)
        answer = await client.post(
            "/v2/emails", json={"to": "a@b.example", "subject": "x", "text": "y"}
        )
        problem = assert_answer("/v2/emails", answer, 400)
        assert "example.com is not authenticated" in problem["message"]
        assert "dkim" in problem["message"]
        await client.aclose()


async def test_the_programs_own_form_has_defaults(client: httpx2.AsyncClient, sender: Made) -> None:
    flat = {
        "to": "cy@example.com",
        "subject": "Parcel",
        "content": {"html": "<p>{{ word }}</p>"},
        "from": {"email": "sender@example.com", "name": "Shop"},
        "params": {"word": "On its way"},
        "tracking": True,
        "tags": ["parcel"],
        "headers": {"X-Order": "7"},
        "attachments": [{"filename": "a.pdf", "type": "pdf", "content": "JVBERg=="}],
    }
    made = assert_answer("/v2/emails", await client.post("/v2/emails", json=flat), 201)
    read = (await client.get(f"/v2/emails/{made['id']}")).json()
    assert read["sender"]["name"] == "Shop"
    assert read["sender"]["id"] == str(sender.id)
    assert read["content"]["type"] == "transactional"
    assert read["additional_headers"] == [{"name": "X-Order", "value": "7"}]
    assert read["tracking"]["opens"] is True
    shown = await client.get(f"/v2/emails/{made['id']}/render")
    assert "On its way" in shown.text
    submitted = await client.get(f"/v2/emails/{made['id']}/render?as_submitted=true")
    assert "{{ word }}" in submitted.text


async def _client(stage: SingleStage) -> httpx2.AsyncClient:
    key = await make_key(stage.runtime, stage.tenant)
    return client_of(create_web_app(stage.runtime), key)


@pytest.fixture
async def stage(
    runtime: Runtime, tenant: MadeTenant
) -> AsyncGenerator[tuple[SingleStage, httpx2.AsyncClient]]:
    """A worker at work, and a client."""
    caller = Caller(tenant.id, "key:test", Door.CAKEMAIL, frozenset({"*"}))
    async with set_single_stage(runtime, tenant, caller) as set_up:
        client = await _client(set_up)
        async with set_up.working(), client:
            yield set_up, client


async def _until(client: httpx2.AsyncClient, stage: SingleStage, number: str, status: str) -> Any:
    url = f"/v2/emails/{number}"

    async def read() -> dict[str, Any]:
        return assert_answer("/v2/emails/{email_id}", await client.get(url))

    found = await read()
    while found["status"] != status:
        assert found["status"] in {"queued", "submitted"}, found
        found = await read()
    return found


@pytest.mark.checklist("E24", "E25", "E26", "E27", "E28", "E31", "E32", "E33", "E41")
async def test_a_mails_words_follow_its_life_and_the_log_finds_it(
    stage: tuple[SingleStage, httpx2.AsyncClient],
) -> None:
    scene, client = stage
    scene.sink.answer(Phase.RCPT, "550 5.1.1 no such user", recipient="gone@*")

    async def submit(to: str, *tags: str) -> str:
        body = {"to": to, "subject": "Reset", "html": "<a href='https://x.example'>x</a>"}
        return (await client.post("/v2/emails", json=body | {"tags": list(tags)})).json()["id"]

    reset = await submit("ada@example.org", "password-reset", "auth")
    gone = await submit("gone@example.org", "auth")
    await _until(client, scene, reset, "delivered")
    bounced = await _until(client, scene, gone, "bounced")
    assert bounced["hard_bounced"] is True
    ledger = await scene.ledger()
    key = scene.tenant.id, ledger["ada@example.org"]["id"], scene.runtime.now()
    await tracking.record_hits(scene.runtime, [Hit(*key, {"verdict": "person"})])
    assert (await client.get(f"/v2/emails/{reset}")).json()["status"] == "opened"
    hit = Hit(*key, {"url": "https://x.example"}, link_number=0)
    await tracking.record_hits(scene.runtime, [hit])
    read = (await client.get(f"/v2/emails/{reset}")).json()
    assert (read["status"], read["open"], read["click"]) == ("clicked", 1, 1)

    async def log(**query: Any) -> list[tuple[str, str]]:
        answer = assert_answer("/v2/logs/emails", await client.get("/v2/logs/emails", params=query))
        return [(row["email_id"], row["type"]) for row in answer["data"]]

    life = ["click", "open", "delivered", "queued", "submitted"]
    assert await log(tags="password-reset") == [(reset, word) for word in life]
    either = json.dumps({"or": ["password-reset", "auth"]})
    assert len(await log(tags=either)) == 8
    only = json.dumps({"and": [{"is": "auth"}, {"not": "password-reset"}]})
    assert {number for number, _ in await log(tags=only)} == {gone}
    assert await log(log_type="bounce") == await log(log_type="bounced") == [(gone, "bounce")]
    assert await log(email_id=gone, log_type="submitted") == [(gone, "submitted")]
    now = int(scene.runtime.now().timestamp())
    assert await log(end_time=now - 3600) == []
    assert len(await log(start_time=now - 3600, end_time=now + 5)) == 8
    assert len(await log(start_time=(scene.runtime.now() - timedelta(hours=1)).isoformat())) == 8
    iso = (await client.get("/v2/logs/emails", params={"iso_time": True})).json()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", iso["data"][0]["time"])

    summary = assert_answer("/logs/emails-summary", await client.get("/logs/emails-summary"))
    assert {row["email_id"]: row["status"] for row in summary["data"]} == {
        reset: "click",
        gone: "bounce",
    }
    clicked = await client.get("/logs/emails-summary", params={"engagement": "click"})
    assert [row["email_id"] for row in clicked.json()["data"]] == [reset]
    report = assert_answer("/v2/reports/emails", await client.get("/v2/reports/emails"))
    [figures] = report["data"]
    assert (figures["submitted"], figures["delivered"], figures["bounce"]) == (2, 1, 1)
    assert (figures["unique_open"], figures["click_rate"]) == (1, 1.0)
    by_day = await client.get("/v2/reports/emails", params={"interval": "1d", "tags": "auth"})
    assert assert_answer("/v2/reports/emails", by_day)["data"][0]["submitted"] == 2
    tags = assert_answer("/email-tags", await client.get("/email-tags"))
    assert tags["data"] == ["auth", "password-reset"]


@pytest.mark.checklist("E34")
async def test_the_log_pages_without_repeats(
    client: httpx2.AsyncClient, body: dict[str, Any]
) -> None:
    for _ in range(5):
        await client.post("/v2/emails", json=body)
    seen: list[str] = []
    for page in (1, 2, 3, 4):
        query = {"page": page, "per_page": 3}
        answer = (await client.get("/v2/logs/emails", params=query)).json()
        assert answer["pagination"] == {"page": page, "per_page": 3, "has_more": page < 4}
        seen += [row["id"] for row in answer["data"]]
    assert len(seen) == len(set(seen)) == 10


@pytest.mark.parametrize(
    "query",
    [
        {"tags": '{"xor": ["a"]}'},
        {"tags": '{"and": '},
        {"log_type": "teleported"},
        {"sort": "color"},
        {"providers": '{"is": "gmail"}'},
        {"start_time": "tomorrow"},
    ],
)
async def test_a_question_nobody_can_answer_is_refused_by_name(
    client: httpx2.AsyncClient, query: dict[str, str]
) -> None:
    answer = await client.get("/v2/logs/emails", params=query)
    assert answer.status_code in {400, 422}
    assert next(iter(query)) in answer.json()["detail"][0]["loc"]


@pytest.mark.checklist("E15")
async def test_marketing_honours_the_list_it_is_sent_to(
    client: httpx2.AsyncClient, database: Database, body: dict[str, Any]
) -> None:
    marketing = body | {"content": body["content"] | {"type": "marketing"}}
    assert (await client.post("/v2/emails", json=marketing)).status_code == 201
    async with database.transaction() as connection:
        [member] = (await connection.execute(select(list_members))).all()
        assert (member.list_id, member.state) == (body["list_id"], "subscribed")
        await connection.execute(update(list_members).values(state="unsubscribed"))
    answer = await client.post("/v2/emails", json=marketing)
    problem = assert_answer("/v2/emails", answer, 400)
    assert problem["detail"][0]["loc"] == ["body", "email"]
    assert "left the list" in problem["message"]
    assert (await client.post("/v2/emails", json=body)).status_code == 201
