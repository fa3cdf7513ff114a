"""The audit log: every privileged call is in it, and nobody changes it unseen."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from mailwright.services import audit, installation
from mailwright.services.caller import Caller
from mailwright.services.runtime import Runtime
from mailwright.store.database import Database
from mailwright.wire import dns
from tests.api.routes import every_route
from tests.builders import (
    MadeTenant,
    make_campaign,
    make_contact,
    make_export,
    make_list,
    make_project,
    make_sender,
)
from tests.pictures import data_uri, png
from tests.smtp_sink import SmtpSink

#: Every call that changes one of these is privileged.
NOUNS = (
    "account",
    "api-keys",
    "domains",
    "members",
    "projects",
    "senders",
    "suppressions",
    "webhooks",
)
#: And these besides: what sends, deletes what was sent, takes people's data out or back.
OTHERS = (
    "DELETE /campaigns/{campaign_uuid}",
    "POST /campaigns/{campaign_uuid}/cancel",
    "POST /campaigns/{campaign_uuid}/pause",
    "POST /campaigns/{campaign_uuid}/resume",
    "POST /campaigns/{campaign_uuid}/schedule",
    "POST /campaigns/{campaign_uuid}/send",
    "POST /campaigns/{campaign_uuid}/unschedule",
    "POST /imports/{import_uuid}/undo",
    "POST /exports",
    "DELETE /exports/{export_uuid}",
    "GET /exports/{export_uuid}/file.csv",
    "GET /exports/contacts.csv",
    "GET /exports/campaigns/{campaign_uuid}/recipients.csv",
)
#: Trying something out changes nothing.
NOT_A_DEED = (
    "POST /projects/{project_uuid}/test",
    "POST /webhooks/{webhook_uuid}/test",
    "POST /webhooks/{webhook_uuid}/replay",
    "POST /webhooks/{webhook_uuid}/deliveries/{delivery_uuid}/replay",
)

Deed = Callable[[], Awaitable[httpx2.Response]]


def is_privileged(route: str) -> bool:
    method, _, path = route.partition(" ")
    changes = method != "GET" and path.split("/")[1] in NOUNS
    return (changes and route not in NOT_A_DEED) or route in OTHERS


async def _deeds(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> dict[str, tuple[str, Deed]]:
    """How to do each privileged route once, and the action it leaves."""
    a_list = await make_list(database, tenant.id)
    export = await make_export(database, tenant.id, state="ready")
    await make_contact(database, tenant.id, list_id=a_list.id)
    sender = await make_sender(database, tenant.id)
    spare = await make_sender(database, tenant.id)
    waiting = await make_sender(database, tenant.id, confirmed_at=None)
    project = await make_project(database, tenant.id)
    member = {"email": "a@example.com", "password": "a long pass phrase", "role": "viewer"}
    person = (await api.post("/members", json=member)).json()["data"]["uuid"]
    invited = (await api.post("/members", json={"email": "i@example.com", "role": "viewer"})).json()
    guest = f"/members/{invited['data']['uuid']}"
    key = (await api.post("/api-keys", json={"name": "k", "scopes": ["*"]})).json()["data"]["uuid"]
    gone = (await api.post("/suppressions", json={"email": "g@example.com"})).json()["data"]["uuid"]

    hook = {"url": "https://shop.example/hooks/mail", "events": ["contact.unsubscribed"]}
    webhook = (await api.post("/webhooks", json=hook)).json()["data"]["uuid"]

    async def domain(name: str) -> str:
        made = await api.post("/domains", json={"name": name})
        async with database.transaction() as connection:
            await connection.execute(text("UPDATE domain_keys SET state = 'active'"))
        return made.json()["data"]["uuid"]

    harbour = await domain("harbour.example")

    async def campaign(state: str) -> str:
        columns: dict[str, Any] = {"sender_id": sender.id, "list_id": a_list.id}
        columns["from_name"] = "Ada"
        return str((await make_campaign(database, tenant.id, state=state, **columns)).uuid)

    done = await api.post(
        "/imports", content="email\nz@example.com\n", headers={"Content-Type": "text/csv"}
    )
    async with database.transaction() as connection:
        await connection.execute(text("UPDATE imports SET state = 'done'"))
    an_import = done.json()["data"]["uuid"]
    at = {"scheduled_at": "2099-05-01T18:00:00Z"}
    made: dict[str, tuple[str, str, dict[str, Any] | None]] = {
        "PATCH /account": ("account.change", "/account", {"name": "New"}),
        "PUT /account/logo": ("account.logo", "/account/logo", {"image": data_uri(png())}),
        "PUT /account/confirmation-mails": (
            "account.confirmation-mails",
            "/account/confirmation-mails",
            {"mails": [{"language": "fr", "sender_uuid": str(sender.uuid)}]},
        ),
        "DELETE /account/logo": ("account.remove-logo", "/account/logo", None),
        "POST /api-keys": ("api-key.create", "/api-keys", {"name": "k", "scopes": ["*"]}),
        "DELETE /api-keys/{key_uuid}": ("api-key.revoke", f"/api-keys/{key}", None),
        "POST /domains": ("domain.create", "/domains", {"name": "new.example"}),
        "PATCH /domains/{domain_uuid}": (
            "domain.change",
            f"/domains/{harbour}",
            {"tracking_host": "go.harbour.example"},
        ),
        "POST /domains/{domain_uuid}/verify": ("domain.verify", f"/domains/{harbour}/verify", None),
        "POST /domains/{domain_uuid}/rotate-key": (
            "domain.rotate-key",
            f"/domains/{harbour}/rotate-key",
            None,
        ),
        "DELETE /domains/{domain_uuid}": ("domain.delete", f"/domains/{harbour}", None),
        "POST /members": ("member.create", "/members", member | {"email": "b@example.com"}),
        "PATCH /members/{member_uuid}": (
            "member.change",
            f"/members/{person}",
            {"role": "editor"},
        ),
        "POST /members/{member_uuid}/resend-invitation": (
            "member.resend-invitation",
            f"{guest}/resend-invitation",
            None,
        ),
        "POST /members/{member_uuid}/reset-password": (
            "member.reset-password",
            f"/members/{person}/reset-password",
            {"invalidate": True},
        ),
        "DELETE /members/{member_uuid}": ("member.delete", f"/members/{person}", None),
        "POST /projects": ("project.create", "/projects", {"name": "New"}),
        "PATCH /projects/{project_uuid}": (
            "project.change",
            f"/projects/{project.uuid}",
            {"name": "Newer"},
        ),
        "DELETE /projects/{project_uuid}": ("project.delete", f"/projects/{project.uuid}", None),
        "POST /senders": ("sender.create", "/senders", {"name": "S", "email": "s@example.com"}),
        "PATCH /senders/{sender_uuid}": ("sender.change", f"/senders/{spare.uuid}", {"name": "T"}),
        "POST /senders/{sender_uuid}/resend-confirmation": (
            "sender.resend",
            f"/senders/{waiting.uuid}/resend-confirmation",
            None,
        ),
        "DELETE /senders/{sender_uuid}": ("sender.delete", f"/senders/{spare.uuid}", None),
        "POST /suppressions": ("suppression.add", "/suppressions", {"email": "h@example.com"}),
        "POST /suppressions/bulk": (
            "suppression.bulk-add",
            "/suppressions/bulk",
            {"suppressions": [{"email": "i@example.com"}]},
        ),
        "POST /suppressions/undo": (
            "suppression.undo",
            "/suppressions/undo",
            {"reason": "bounce", "since": "2026-05-01T00:00:00Z"},
        ),
        "DELETE /suppressions/{suppression_uuid}": (
            "suppression.remove",
            f"/suppressions/{gone}",
            None,
        ),
        "POST /webhooks": ("webhook.create", "/webhooks", hook),
        "PATCH /webhooks/{webhook_uuid}": (
            "webhook.change",
            f"/webhooks/{webhook}",
            {"description": "Ours"},
        ),
        "POST /webhooks/{webhook_uuid}/rotate-secret": (
            "webhook.rotate-secret",
            f"/webhooks/{webhook}/rotate-secret",
            {},
        ),
        "DELETE /webhooks/{webhook_uuid}": ("webhook.delete", f"/webhooks/{webhook}", None),
        "POST /imports/{import_uuid}/undo": ("import.undo", f"/imports/{an_import}/undo", None),
        "POST /exports": ("export.create", "/exports", {"list_uuid": str(a_list.uuid)}),
        "GET /exports/{export_uuid}/file.csv": (
            "export.download",
            f"/exports/{export.uuid}/file.csv",
            None,
        ),
        "DELETE /exports/{export_uuid}": ("export.delete", f"/exports/{export.uuid}", None),
        "GET /exports/contacts.csv": ("export.contacts", "/exports/contacts.csv", None),
        "DELETE /campaigns/{campaign_uuid}": (
            "campaign.delete",
            f"/campaigns/{await campaign('draft')}",
            None,
        ),
        "GET /exports/campaigns/{campaign_uuid}/recipients.csv": (
            "export.recipients",
            f"/exports/campaigns/{await campaign('sent')}/recipients.csv",
            None,
        ),
    }
    for deed, state, body in (
        ("send", "draft", None),
        ("schedule", "draft", at),
        ("unschedule", "scheduled", None),
        ("pause", "sending", None),
        ("resume", "paused", None),
        ("cancel", "sending", None),
    ):
        path = f"/campaigns/{await campaign(state)}/{deed}"
        made[f"POST /campaigns/{{campaign_uuid}}/{deed}"] = (f"campaign.{deed}", path, body)

    def call(route: str, path: str, body: Any) -> Deed:
        return lambda: api.request(route.partition(" ")[0], path, json=body)

    return {
        route: (action, call(route, path, body)) for route, (action, path, body) in made.items()
    }


@pytest.mark.checklist("SEC-30")
async def test_every_privileged_route_leaves_an_entry(
    monkeypatch: pytest.MonkeyPatch,
    application: FastAPI,
    api: httpx2.AsyncClient,
    runtime: Runtime,
    database: Database,
    tenant: MadeTenant,
) -> None:
    monkeypatch.setattr(dns, "LIFETIME_SECONDS", 0.2)  # nobody answers
    async with SmtpSink() as sink:  # for what leaves at once
        port = sink.transport.port
        await installation.publish_capture_address(runtime, "127.0.0.1", port)
        routes = [str(route) for route in every_route(application) if is_privileged(str(route))]
        deeds = await _deeds(api, database, tenant)
        assert set(routes) == set(deeds), "a privileged route needs a deed here, and an audit entry"
        for route, (action, deed) in deeds.items():
            before = await audit.verify_audit_log(runtime, tenant.id)
            answer = await deed()
            assert answer.is_success, (route, answer.text)
            [entry] = (await api.get("/audit-log", params={"per_page": 1})).json()["data"]
            assert (entry["number"], entry["action"]) == (before.entries + 1, action), route
            assert entry["actor"].startswith("key:")
            assert entry["door"] == "api"
        assert (await audit.verify_audit_log(runtime, tenant.id)).broken_at is None


#: A fifth entry, which nobody recorded.
_ADDED = """
INSERT INTO audit_log
SELECT tenant_id, 5, at, actor, door, action, subject, details, hash FROM audit_log WHERE number = 4
"""


async def _record(runtime: Runtime, caller: Caller, number: int) -> None:
    async with runtime.database.transaction() as connection:
        await audit.record(connection, caller, "test.deed", f"thing:{number}", {"n": number})


@pytest.mark.checklist("SEC-30")
@pytest.mark.parametrize("change", ["UPDATE audit_log SET actor = 'x'", "DELETE FROM audit_log"])
async def test_the_log_is_append_only(
    runtime: Runtime, caller: Caller, database: Database, change: str
) -> None:
    await _record(runtime, caller, 1)
    for statement in (change, "TRUNCATE audit_log"):
        with pytest.raises(DBAPIError, match="append-only"):
            async with database.transaction() as connection:
                await connection.execute(text(statement))


@pytest.mark.checklist("SEC-30")
@pytest.mark.parametrize(
    ("tampering", "broken_at"),
    [
        ("UPDATE audit_log SET actor = 'somebody else' WHERE number = 2", 2),
        ("UPDATE audit_log SET details = '{}' WHERE number = 3", 3),
        ("UPDATE audit_log SET at = at + interval '1 microsecond' WHERE number = 1", 1),
        ("DELETE FROM audit_log WHERE number = 2", 2),
        ("DELETE FROM audit_log WHERE number = 4", 4),
        ("DELETE FROM audit_log", 1),
        ("DELETE FROM audit_heads", 4),
        (_ADDED, 5),
    ],
)
async def test_whatever_is_changed_behind_our_back_shows(
    runtime: Runtime, caller: Caller, database: Database, tampering: str, broken_at: int
) -> None:
    for number in range(4):
        await _record(runtime, caller, number)
    assert await audit.verify_audit_log(runtime, caller.tenant_id) == audit.Verdict(4)
    async with database.transaction() as connection:
        await connection.execute(text("ALTER TABLE audit_log DISABLE TRIGGER append_only"))
        await connection.execute(text(tampering))
    verdict = await audit.verify_audit_log(runtime, caller.tenant_id)
    assert verdict.broken_at == broken_at
    assert await audit.broken_logs(runtime) == ["acme"]


@pytest.mark.checklist("SEC-30")
async def test_many_at_once_make_one_chain_and_a_failed_deed_leaves_nothing(
    runtime: Runtime, caller: Caller
) -> None:
    async def fail() -> None:
        async with runtime.database.transaction() as connection:
            await audit.record(connection, caller, "test.deed")
            raise ValueError

    deeds = [_record(runtime, caller, number) for number in range(8)]
    found = await asyncio.gather(*deeds, fail(), return_exceptions=True)
    assert sum(isinstance(error, ValueError) for error in found) == 1
    assert await audit.verify_audit_log(runtime, caller.tenant_id) == audit.Verdict(8)


async def test_the_log_is_read_page_by_page(
    api: httpx2.AsyncClient, runtime: Runtime, caller: Caller
) -> None:
    for number in range(5):
        await _record(runtime, caller, number)
    seen: list[int] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = (
            await api.get("/audit-log", params={"cursor": cursor, "per_page": 2, "action": "test."})
        ).json()
        seen += [entry["details"]["n"] for entry in answer["data"]]
        cursor = answer["pagination"]["next_cursor"]
    assert seen == [4, 3, 2, 1, 0]
    assert (await api.get("/audit-log", params={"cursor": "x"})).status_code == 422
    assert (await api.get("/audit-log", params={"action": "other."})).json()["data"] == []
