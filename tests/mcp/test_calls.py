"""Calls through the official client over HTTP: what is done, previewed and refused."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any
from uuid import uuid4

import pytest

from mailwright.domain.doors import Door
from mailwright.errors import Forbidden
from mailwright.mcp.calls import call
from mailwright.mcp.operations import Kind
from mailwright.mcp.tools import TOOLS
from mailwright.services import domains
from mailwright.services.caller import Caller
from mailwright.services.runtime import Runtime
from mailwright.store.database import Database
from tests.browser.installation import Installation
from tests.builders import MadeTenant, make_contact, make_list, make_sender, make_tenant
from tests.mcp.assistant import Assistant, Refused, connected, key_for


@pytest.fixture
async def assistant(installation: Installation, tenant: MadeTenant) -> AsyncGenerator[Assistant]:
    key = await key_for(installation.runtime, tenant.id)
    async with connected(f"{installation.url}/mcp", key) as made:
        yield made


async def ready_campaign(assistant: Assistant, database: Database, tenant: MadeTenant) -> str:
    target = await make_list(database, tenant.id, "Readers")
    for name in ("ada", "bo", "cy"):
        await make_contact(database, tenant.id, f"{name}@example.com", list_id=target.id)
    sender = await make_sender(database, tenant.id, "post@harbour.example")
    made = await assistant.data(
        "campaigns",
        "create",
        name="May",
        subject="Ahoy",
        from_name="News",
        from_identity=str(sender.uuid),
        list_id=str(target.uuid),
        content="# Ahoy\n\nA [link](https://harbour.example).",
    )
    return str(made["uuid"])


async def test_a_preview_says_how_many_from_whom_when_and_where(
    assistant: Assistant, database: Database, tenant: MadeTenant
) -> None:
    campaign = await ready_campaign(assistant, database, tenant)
    when: dict[str, Any] = {"scheduled_at": "2099-05-05T10:00", "timezone": "Europe/Paris"}
    shown = await assistant.ask("campaigns", "schedule", campaign_id=campaign, **when)
    preview = shown["preview"]
    assert preview["summary"] == (
        '3 people, from "News" <post@harbour.example>, Tuesday 05 May 2099 at 10:00 Europe/Paris'
    )
    assert preview["scheduled_at"] == "2099-05-05T08:00:00Z"
    assert preview["readiness"] == {"can_send": True, "missing": []}
    assert (await assistant.data("campaigns", "get", campaign_id=campaign))["status"] == "draft"

    done = await assistant.ask("campaigns", "schedule", campaign_id=campaign, confirm=True, **when)
    assert done["data"]["status"] == "scheduled"
    assert done["data"]["scheduled_at"] == "2099-05-05T08:00:00Z"


async def test_nothing_is_sent_or_deleted_without_the_word(
    assistant: Assistant, database: Database, tenant: MadeTenant
) -> None:
    campaign = await ready_campaign(assistant, database, tenant)
    send = await assistant.ask("campaigns", "send", campaign_id=campaign)
    assert send["preview"]["people"] == 3
    test = await assistant.ask("campaigns", "test", campaign_id=campaign, email="me@example.com")
    assert test["preview"]["will"] == "Send one test mail to me@example.com"
    assert "name" in (await assistant.ask("campaigns", "delete", campaign_id=campaign))["preview"]
    found = await assistant.data("campaigns", "get", campaign_id=campaign)
    assert found["status"] == "draft"
    assert (await assistant.ask("lists", "list"))["data"][0]["contacts_count"] == 3

    for word in (False, "true", 1):
        answer = await assistant.client.call_tool(
            "campaigns",
            {"operation": "delete", "params": {"campaign_id": campaign}, "confirm": word},
        )
        assert "preview" in str(answer.content)
    await assistant.data("campaigns", "delete", campaign_id=campaign, confirm=True)
    with pytest.raises(Refused) as refusal:
        await assistant.data("campaigns", "get", campaign_id=campaign)
    assert refusal.value.code == "RESOURCE_NOT_FOUND"


async def test_an_unknown_operation_is_answered_with_the_known_ones(assistant: Assistant) -> None:
    with pytest.raises(Refused) as refusal:
        await assistant.ask("campaigns", "explode")
    assert refusal.value.code == "UNKNOWN_OPERATION"
    assert {"list", "create", "schedule"} <= set(refusal.value.error["details"]["operations"])


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"name": "x", "nonsense": 1}, "nonsense"),
        ({"name": ""}, "name"),
        ({}, "name"),
        ({"name": "x", "list_id": "7"}, "list_id"),
        ({"name": "x", "list_id": str(uuid4())}, "list_uuid"),
        ({"name": "x", "subject": "a\nb"}, "subject"),
        ({"name": "x", "max_delay_seconds": -1}, "max_delay_seconds"),
        ({"name": "x", "content": "Hello {{ nobody }}"}, "content"),
    ],
)
async def test_a_wrong_field_is_refused_by_name_and_nothing_is_made(
    assistant: Assistant, params: dict[str, Any], field: str
) -> None:
    with pytest.raises(Refused) as refusal:
        await assistant.ask("campaigns", "create", **params)
    assert refusal.value.code == "VALIDATION_ERROR"
    assert field in refusal.value.error["details"]
    assert (await assistant.ask("campaigns", "list"))["pagination"]["total"] == 0


async def test_what_is_no_call_is_refused(assistant: Assistant) -> None:
    for arguments in (
        {},
        {"operation": 7},
        {"operation": "list", "params": [1]},
        {"operation": "list", "campaign_id": "x"},
        {"operation": "list", "params": {"search": "a\0b"}},
    ):
        answer = await assistant.client.call_tool("campaigns", arguments)
        assert answer.is_error, arguments
    assert (await assistant.client.call_tool("weather", {"operation": "list"})).is_error


async def test_contacts_are_imported_after_a_look(assistant: Assistant) -> None:
    rows = [{"email": "ada@example.com", "language": "es"}, {"email": "none"}, {"emial": "x"}]
    shown = await assistant.ask("contacts", "import", contacts=rows)
    assert (shown["preview"]["created"], len(shown["preview"]["rejected"])) == (1, 2)
    assert (await assistant.ask("contacts", "list"))["pagination"]["total"] == 0
    done = await assistant.data("contacts", "import", contacts=rows, confirm=True)
    assert (done["created"], done["rejected"]) == (1, 2)
    with pytest.raises(Refused):
        await assistant.data("contacts", "import", contacts=rows * 334, confirm=True)


async def test_templates_and_webhooks_work_from_end_to_end(assistant: Assistant) -> None:
    made = await assistant.data(
        "templates",
        "create",
        name="Letter",
        subject="Hi {{ order }}",
        content="# Hi\n\n[Leave]({{unsubscribeUrl}})",
        variables=[{"name": "order", "fallback": "you"}],
    )
    ids = {"template_id": made["uuid"], "version_id": made["versions"][0]["uuid"]}
    assert (await assistant.data("templates", "render", **ids))["subject"] == "Hi you"
    assert (await assistant.data("templates", "publish", **ids))["state"] == "published"

    hook = await assistant.data(
        "webhooks", "create", url="https://shop.example/hook", events=["contact.unsubscribed"]
    )
    assert hook["secret"]
    again = await assistant.data("webhooks", "get", webhook_id=hook["uuid"])
    assert "secret" not in again


async def test_single_mails_are_sent_after_a_look(
    assistant: Assistant, database: Database, tenant: MadeTenant
) -> None:
    await make_sender(database, tenant.id, "post@harbour.example")
    mail: dict[str, Any] = {
        "to": "ada@example.com",
        "subject": "Your parcel",
        "text": "It is on its way.",
        "tags": ["parcel"],
    }
    shown = await assistant.ask("emails", "send", **mail)
    assert shown["preview"]["will"] == "Send one mail to ada@example.com"
    assert await assistant.data("emails", "list") == []
    sent = await assistant.data("emails", "send", **mail, confirm=True)
    assert (await assistant.data("emails", "get", email_id=sent["uuid"]))[
        "subject"
    ] == "Your parcel"
    assert len(await assistant.data("emails", "list", tag="parcel")) == 1
    events = await assistant.data("logs", "emails", email_id=sent["uuid"])
    assert "submitted" in {event["kind"] for event in events}

    later = await assistant.data(
        "emails", "send", **mail, scheduled_at="2026-12-24T18:00:00+01:00", confirm=True
    )
    await assistant.data("emails", "cancel", email_id=later["uuid"], confirm=True)
    shown = await assistant.ask("emails", "resend", email_id=later["uuid"])
    assert (shown["preview"]["to"], shown["preview"]["status"]) == ("ada@example.com", "canceled")
    again = await assistant.data("emails", "resend", email_id=later["uuid"], confirm=True)
    assert again["uuid"] not in {later["uuid"], sent["uuid"]}
    assert len(await assistant.data("emails", "list", tag="parcel")) == 3
    wrongs: list[dict[str, Any]] = [
        {"to": "nobody"},
        {"subject": None, "text": None},
        {"scheduled_at": "soon"},
    ]
    for wrong in wrongs:
        with pytest.raises(Refused) as refusal:
            await assistant.ask("emails", "send", **{**mail, **wrong})
        assert refusal.value.error["details"]


async def test_sending_domains_are_seen_with_what_dns_says(
    assistant: Assistant, installation: Installation, tenant: MadeTenant
) -> None:
    owner = Caller(tenant.id, "cli", Door.CLI, frozenset({"*"}))
    await domains.create_domain(installation.runtime, owner, "harbour.example")
    [found] = await assistant.data("senders", "domains")
    assert (found["name"], found["authenticated"]) == ("harbour.example", False)
    assert {"spf", "dkim"} <= {record["kind"] for record in found["records"]}


async def test_another_tenants_ids_are_unknown(
    assistant: Assistant, database: Database, tenant: MadeTenant, installation: Installation
) -> None:
    campaign = await ready_campaign(assistant, database, tenant)
    stranger = await make_tenant(database)
    key = await key_for(installation.runtime, stranger.id)
    async with connected(f"{installation.url}/mcp", key) as theirs:
        for operation in ("get", "send", "delete", "report", "readiness"):
            with pytest.raises(Refused) as refusal:
                await theirs.ask("campaigns", operation, campaign_id=campaign, confirm=True)
            assert refusal.value.code == "RESOURCE_NOT_FOUND"
        assert (await theirs.client.list_resources()).resources == []


async def test_every_operation_needs_its_scope_and_says_so(
    runtime: Runtime, tenant: MadeTenant
) -> None:
    for tool in TOOLS.values():
        for name, operation in tool.operations.items():
            others = frozenset({"inbox:read"})
            caller = Caller(tenant.id, "key:test", Door.MCP, others)
            with pytest.raises(Forbidden) as refusal:
                await call(runtime, caller, tool.name, {"operation": name, "confirm": True})
            assert refusal.value.details == {"missing_scope": operation.scope}
            if operation.kind is Kind.READ:
                assert operation.scope.endswith(":read")


async def test_the_history_tells_of_this_door(
    assistant: Assistant, database: Database, tenant: MadeTenant
) -> None:
    campaign = await ready_campaign(assistant, database, tenant)
    await assistant.data(
        "campaigns",
        "schedule",
        campaign_id=campaign,
        scheduled_at="2099-01-01T00:00Z",
        confirm=True,
    )
    steps = await assistant.data("logs", "history", campaign_id=campaign)
    assert [step["door"] for step in steps] == ["mcp"]


async def test_resources_show_campaigns_and_reports(
    assistant: Assistant, database: Database, tenant: MadeTenant
) -> None:
    campaign = await ready_campaign(assistant, database, tenant)
    found = (await assistant.client.list_resources()).resources
    assert [str(one.uri) for one in found] == [f"mailwright://campaigns/{campaign}"]
    read = await assistant.client.read_resource(f"mailwright://campaigns/{campaign}/report")
    assert '"audience":0' in str(read.contents[0])
    templates = (await assistant.client.list_resource_templates()).resource_templates
    assert len(templates) == 2
    with pytest.raises(Exception, match="no such resource"):
        await assistant.client.read_resource("mailwright://elsewhere")


async def test_prompts_start_a_campaign_and_explain_a_report(assistant: Assistant) -> None:
    names = [prompt.name for prompt in (await assistant.client.list_prompts()).prompts]
    assert names == ["new_campaign", "explain_report"]
    asked = await assistant.client.get_prompt("new_campaign", {"about": "The {regatta}."})
    text = str(asked.messages[0].content)
    assert "The {regatta}." in text
    assert "confirm: true" in text
    assert "{{unsubscribeUrl}}" in text
    told = await assistant.client.get_prompt("explain_report", {"campaign_id": "abc"})
    assert "abc" in str(told.messages[0].content)
    with pytest.raises(Exception, match="Say which campaign"):
        await assistant.client.get_prompt("explain_report", {})
