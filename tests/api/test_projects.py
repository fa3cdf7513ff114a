"""`/projects`: transports whose passwords nobody sees again."""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest
from sqlalchemy import select, text, update

from mailwright.services import transports
from mailwright.services.runtime import Runtime
from mailwright.store.database import Database
from mailwright.store.tables import metadata, projects
from mailwright.wire.smtp_reply import Phase
from tests.builders import (
    MadeTenant,
    make_campaign,
    make_contact,
    make_message,
    make_project,
    make_sender,
)
from tests.smtp_sink import SmtpSink

CANARY = " c4n4ry+/ %:@pass "
SERVER = {"host": "relay.example", "port": 2525, "tls": "none", "verify": False}


@pytest.fixture
async def sink() -> AsyncGenerator[SmtpSink]:
    async with SmtpSink() as running:
        yield running


async def make(api: httpx2.AsyncClient, **fields: Any) -> dict[str, Any]:
    answer = await api.post("/projects", json={"name": "Brand", **fields})
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]


def problem(answer: httpx2.Response) -> tuple[int, str, list[str]]:
    error = answer.json()["error"]
    return answer.status_code, error["code"], list(error.get("details", {}))


async def test_a_project_is_made_read_changed_and_deleted(
    api: httpx2.AsyncClient, runtime: Runtime, database: Database, tenant: MadeTenant
) -> None:
    sender = await make_sender(database, tenant.id)
    made = await make(
        api,
        **SERVER,
        username="u",
        password=CANARY,
        rate_per_second=2.5,
        connections=3,
        default_sender_uuid=str(sender.uuid),
    )
    assert made | SERVER == made
    assert (made["transport"], made["username"], made["has_password"]) == ("smtp", "u", True)
    assert (made["rate_per_second"], made["connections"]) == (2.5, 3)
    assert made["default_sender_uuid"] == str(sender.uuid)
    assert (made["is_default"], made["outage_since"]) == (False, None)
    path = f"/projects/{made['uuid']}"
    assert (await api.get(path)).json()["data"] == made
    changed = (await api.patch(path, json={"connections": 9, "name": "Two"})).json()["data"]
    assert (changed["connections"], changed["name"], changed["has_password"]) == (9, "Two", True)
    listed = (await api.get("/projects")).json()
    assert "Two" in [row["name"] for row in listed["data"]]
    async with database.reading() as connection:
        row = (await connection.execute(select(projects).where(projects.c.name == "Two"))).one()
        routed = await transports.resolve(runtime, connection, tenant.id, row.id, sandbox=False)
    assert routed.transport.password == CANARY
    assert (routed.transport.host, routed.transport.connections) == ("relay.example", 9)
    assert (await api.delete(path)).status_code == 204
    assert (await api.get(path)).status_code == 404


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"transport": "smtp"}, "host"),
        ({"host": "a b"}, "host"),
        ({"host": "evil@relay.example"}, "host"),
        ({"host": "relay.example:25"}, "host"),
        ({"host": "bücher.example"}, "host"),
        ({"host": "relay.example", "port": 0}, "port"),
        ({"host": "relay.example", "tls": "maybe"}, "tls"),
        ({"host": "relay.example", "username": "u"}, "password"),
        ({"host": "relay.example", "password": "p"}, "username"),
        ({"host": "relay.example", "rate_per_second": 0}, "rate_per_second"),
        ({"host": "relay.example", "connections": 1001}, "connections"),
        ({"transport": "capture", "host": "relay.example"}, "host"),
        ({"transport": "pigeon"}, "transport"),
        ({"default_sender_uuid": "0198e1b2-3c4d-7e5f-8a9b-0c1d2e3f4a5b"}, "default_sender_uuid"),
        ({"name": ""}, "name"),
    ],
)
async def test_what_is_wrong_is_named(
    api: httpx2.AsyncClient, fields: dict[str, Any], named: str
) -> None:
    answer = await api.post("/projects", json={"name": "Brand", **fields})
    assert problem(answer) == (422, "VALIDATION_ERROR", [named])


@pytest.mark.parametrize(
    ("host", "tls", "port"),
    [("relay.example", "starttls", 587), ("127.0.0.1", "none", 25), ("::1", "none", 25)],
)
async def test_protection_and_port_follow_from_the_host(
    api: httpx2.AsyncClient, host: str, tls: str, port: int
) -> None:
    made = await make(api, host=host)
    assert (made["host"], made["tls"], made["port"]) == (host, tls, port)
    made = (await api.patch(f"/projects/{made['uuid']}", json={"tls": "implicit"})).json()["data"]
    assert made["port"] == 465


async def test_a_name_is_taken_once(api: httpx2.AsyncClient) -> None:
    first = await make(api)
    second = await make(api, name="Other")
    assert (await api.post("/projects", json={"name": "Brand"})).status_code == 409
    renamed = await api.patch(f"/projects/{second['uuid']}", json={"name": first["name"]})
    assert problem(renamed) == (409, "DUPLICATE_RESOURCE", ["name"])


async def test_there_is_exactly_one_default(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    made = await make(api, is_default=True)
    rows = (await api.get("/projects")).json()["data"]
    assert [row["uuid"] for row in rows if row["is_default"]] == [made["uuid"]]
    path = f"/projects/{made['uuid']}"
    assert problem(await api.patch(path, json={"is_default": False}))[1] == "PROJECT_IS_DEFAULT"
    assert problem(await api.delete(path))[1] == "PROJECT_IS_DEFAULT"
    other = next(row for row in rows if not row["is_default"])
    await api.patch(f"/projects/{other['uuid']}", json={"is_default": True})
    assert (await api.get(path)).json()["data"]["is_default"] is False
    assert (await api.delete(path)).status_code == 204


async def test_two_defaults_at_once_are_one(api: httpx2.AsyncClient) -> None:
    made = [await make(api, name=f"Brand {number}") for number in range(4)]
    answers = await asyncio.gather(
        *(api.patch(f"/projects/{row['uuid']}", json={"is_default": True}) for row in made),
        api.post("/projects", json={"name": "Fifth", "is_default": True}),
    )
    assert all(answer.is_success for answer in answers)
    rows = (await api.get("/projects")).json()["data"]
    assert len([row for row in rows if row["is_default"]]) == 1


async def test_a_project_in_use_stays(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    async def deleted(**campaign: Any) -> int:
        project = await make_project(database, tenant.id)
        made = await make_campaign(database, tenant.id, project_id=project.id, **campaign)
        if campaign["state"] == "sent" and campaign.get("name") == "late":
            await make_message(
                database,
                tenant.id,
                campaign_id=made.id,
                state="deferred",
                next_attempt_at=datetime(2026, 5, 1, tzinfo=UTC),
            )
        return (await api.delete(f"/projects/{project.uuid}")).status_code

    for state in ("draft", "scheduled", "queued", "sending", "paused", "failed"):
        assert await deleted(state=state) == 409, state
    assert await deleted(state="sent") == 204
    assert await deleted(state="canceled") == 204
    assert await deleted(state="sent", name="late") == 409
    project = await make_project(database, tenant.id)
    await make_contact(database, tenant.id, project_id=project.id)
    assert problem(await api.delete(f"/projects/{project.uuid}"))[:2] == (409, "PROJECT_IN_USE")


async def test_a_password_goes_to_no_other_server(api: httpx2.AsyncClient) -> None:
    made = await make(api, host="relay.example", tls="starttls", username="u", password=CANARY)
    path = f"/projects/{made['uuid']}"
    for change in ({"host": "evil.example"}, {"port": 2}, {"tls": "none"}, {"verify": False}):
        assert problem(await api.patch(path, json=change)) == (
            422,
            "VALIDATION_ERROR",
            ["password"],
        )
    assert (await api.get(path)).json()["data"] == made
    moved = await api.patch(path, json={"host": "new.example", "password": "another one"})
    assert moved.json()["data"]["host"] == "new.example"
    without = await api.patch(path, json={"username": None})
    assert (without.json()["data"]["username"], without.json()["data"]["has_password"]) == (
        None,
        False,
    )


async def test_a_new_password_ends_the_wait_for_the_server(
    api: httpx2.AsyncClient, database: Database
) -> None:
    made = await make(api, host="relay.example", username="u", password="old")
    now = datetime(2026, 5, 1, tzinfo=UTC)
    async with database.transaction() as connection:
        await connection.execute(
            update(projects)
            .where(projects.c.uuid == made["uuid"])
            .values(outage_since=now, outage_reason="535 no", outage_retry_at=now)
        )
    path = f"/projects/{made['uuid']}"
    assert (await api.get(path)).json()["data"]["outage_reason"] == "535 no"
    assert (await api.patch(path, json={"name": "N"})).json()["data"]["outage_reason"] == "535 no"
    fresh = (await api.patch(path, json={"password": "new"})).json()["data"]
    assert (fresh["outage_since"], fresh["outage_reason"]) == (None, None)
    async with database.reading() as connection:
        assert await connection.scalar(select(projects.c.outage_retry_at).limit(1)) is None


async def test_a_test_tells_what_the_server_says_step_by_step(
    api: httpx2.AsyncClient, sink: SmtpSink
) -> None:
    made = await make(
        api, host="127.0.0.1", port=sink.transport.port, username="u", password=CANARY
    )
    told = (await api.post(f"/projects/{made['uuid']}/test")).json()["data"]
    assert (told["ok"], told["phase"], told["tls"]) == (True, "quit", None)
    assert "PIPELINING" in told["extensions"]
    assert [step["phase"] for step in told["steps"]] == ["greeting", "ehlo", "auth", "quit"]
    assert told["steps"][0]["reply"].startswith("220 ")
    assert not sink.mails


@pytest.mark.parametrize(
    ("phase", "reply", "words"),
    [
        (Phase.GREETING, "554 go away", "no mail now"),
        (Phase.EHLO, "550 who are you", "our name"),
        (Phase.AUTH, "535 5.7.8 wrong", "our credentials"),
    ],
)
async def test_a_test_names_the_phase_that_failed(
    api: httpx2.AsyncClient, sink: SmtpSink, phase: Phase, reply: str, words: str
) -> None:
    sink.answer(phase, reply)
    made = await make(
        api, host="127.0.0.1", port=sink.transport.port, username="u", password=CANARY
    )
    told = (await api.post(f"/projects/{made['uuid']}/test")).json()["data"]
    assert (told["ok"], told["phase"], told["reply"]) == (False, phase, reply)
    assert words in told["sentence"]


async def test_a_test_says_when_nobody_answers_or_tls_is_missing(
    api: httpx2.AsyncClient, sink: SmtpSink
) -> None:
    made = await make(api, host="127.0.0.1", port=sink.transport.port, tls="starttls")
    told = (await api.post(f"/projects/{made['uuid']}/test")).json()["data"]
    assert (told["ok"], told["phase"]) == (False, "tls")
    assert "STARTTLS" in told["sentence"]
    await api.patch(f"/projects/{made['uuid']}", json={"port": 1})
    told = (await api.post(f"/projects/{made['uuid']}/test")).json()["data"]
    assert (told["ok"], told["phase"], told["reply"]) == (False, "connect", None)


@pytest.mark.checklist("SEC-27")
async def test_a_password_is_sealed_and_shown_nowhere(
    api: httpx2.AsyncClient,
    database: Database,
    sink: SmtpSink,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    encoded = base64.b64encode(CANARY.encode()).decode()
    plain = base64.b64encode(f"\0u\0{CANARY}".encode()).decode()
    sink.answer(Phase.AUTH, f"535 no {CANARY} {encoded} {plain}")  # a server that repeats it
    server = {"host": "127.0.0.1", "port": sink.transport.port, "username": "u"}
    made = await make(api, **server, password=CANARY)
    path = f"/projects/{made['uuid']}"
    wrong = {"password": CANARY, "port": 99999, "surprise": CANARY}
    said = [
        str(made),
        (await api.get(path)).text,
        (await api.get("/projects")).text,
        (await api.patch(path, json={"password": CANARY})).text,
        (await api.patch(path, json=wrong)).text,
        (await api.post("/projects", json={"name": "Brand", "password": CANARY})).text,
        (await api.post(f"{path}/test")).text,
        (await api.get("/audit-log")).text,
    ]
    async with database.reading() as connection:
        for table in metadata.sorted_tables:
            rows = await connection.execute(
                text(f"SELECT t::text FROM {table.name} t")
            )  # our own names
            said += rows.scalars().all()
    said += [caplog.text, *capsys.readouterr()]
    for secret in (CANARY, encoded, plain, CANARY.encode().hex()):
        assert not [words for words in said if secret in words], secret
    assert "535 no ***" in said[6]
