"""One story, told through every door: draft, test, schedule, take back, send, read, report.

Everything runs for real: the HTTP server, the worker, SMTP into the built-in inbox. What readers do
with their mails goes through the mails' own links.
"""

from __future__ import annotations

import asyncio
import email
import email.policy
import re
from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import timedelta
from email.message import EmailMessage

import httpx2
import pytest

from mailwright.domain.doors import Door
from mailwright.domain.scopes import Role
from mailwright.services.api_keys import NewApiKey, create_api_key
from mailwright.services.caller import Caller
from mailwright.services.members import NewMember, create_member
from mailwright.services.runtime import Runtime
from mailwright.store.database import Database
from tests.browser.installation import Installation, running
from tests.builders import MadeTenant, make_contact, make_list, make_sender
from tests.mcp.assistant import Assistant, connected
from tests.scenarios.cakemail_door import CakemailDoor
from tests.scenarios.door import CampaignDoor, Figures
from tests.scenarios.mailingcore_door import MailingCoreDoor
from tests.scenarios.mcp_door import McpDoor
from tests.scenarios.native_door import NativeDoor

PEOPLE = ("ada@example.com", "bo@example.com", "cy@example.com")
PATIENCE_SECONDS = 20


@pytest.fixture
async def installation(runtime: Runtime) -> AsyncGenerator[Installation]:
    async with running(runtime) as made:
        yield made


@pytest.fixture
async def client(
    installation: Installation, tenant: MadeTenant
) -> AsyncGenerator[httpx2.AsyncClient]:
    owner = Caller(tenant.id, "member:test", Door.API, frozenset({"*"}))
    _, key = await create_api_key(installation.runtime, owner, NewApiKey("story", ("*",)))
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx2.AsyncClient(base_url=installation.url, headers=headers) as made:
        yield made


@pytest.fixture
async def assistant(
    installation: Installation, client: httpx2.AsyncClient
) -> AsyncGenerator[Assistant]:
    """The official MCP client, with the same key."""
    key = client.headers["Authorization"].removeprefix("Bearer ")
    async with connected(f"{installation.url}/mcp", key) as made:
        yield made


@pytest.fixture(params=["native", "cakemail", "mailingcore", "mcp"])
async def door(
    request: pytest.FixtureRequest,
    runtime: Runtime,
    client: httpx2.AsyncClient,
    assistant: Assistant,
    database: Database,
    tenant: MadeTenant,
) -> CampaignDoor:
    target = await make_list(database, tenant.id)
    for address in PEOPLE:
        await make_contact(database, tenant.id, address, list_id=target.id)
    sender = await make_sender(database, tenant.id, "post@harbour.example")
    if request.param == "cakemail":
        login = await sign_up(runtime, tenant)
        return CakemailDoor(client, login, list_id=target.id, sender_id=sender.id)
    if request.param == "mailingcore":
        return MailingCoreDoor(client)
    if request.param == "mcp":
        return McpDoor(assistant, list_uuid=str(target.uuid), sender_uuid=str(sender.uuid))
    return NativeDoor(client, list_uuid=str(target.uuid), sender_uuid=str(sender.uuid))


async def sign_up(runtime: Runtime, tenant: MadeTenant) -> tuple[str, str]:
    """Address and password of somebody who may do everything there."""
    owner = Caller(tenant.id, "cli", Door.API, frozenset({"*"}))
    login = ("owner@harbour.example", "correct horse battery staple")
    await create_member(runtime, owner, NewMember(*login, Role.OWNER))
    return login


@pytest.mark.checklist("Z01", "Z02", "Z03", "Z18", "Z19", "Z22", "Z28", "Z29", "Z31", "Z37", "U09")
@pytest.mark.checklist("M08", "M09", "M10", "M28", "M32", "M35", "M37", "M39", "M46", "M48")
@pytest.mark.checklist("C01", "C13", "C15", "C16", "C18", "C28", "C29", "C30", "C31")
@pytest.mark.checklist("C32", "C33", "C34", "C35")
async def test_from_draft_to_report(door: CampaignDoor, client: httpx2.AsyncClient) -> None:
    campaign = await door.draft("Story")
    assert await door.state(campaign) == "draft"
    await door.write(campaign, subject="News from the harbour")

    await door.try_out(campaign, "me@harbour.example")
    assert await door.state(campaign) == "draft"
    assert [mail["To"] for mail in await inbox(client)] == ["me@harbour.example"]

    await door.schedule(campaign, "2099-07-01T09:00:00Z")
    assert await door.state(campaign) == "scheduled"
    await door.cancel_schedule(campaign)

    await door.send(campaign)
    await until(lambda: is_state(door, campaign, "sent"))
    mails = [mail for mail in await inbox(client) if mail["To"] in PEOPLE]
    assert sorted(mail["To"] for mail in mails) == sorted(PEOPLE)
    assert {mail["Subject"] for mail in mails} == {"News from the harbour"}

    await read(client, mails[0], clicks=True)
    await read(client, mails[1], clicks=False)
    await leave(client, mails[2])
    expected = Figures(sent=3, opened=2, clicked=1, unsubscribed=1)
    await until(lambda: has_figures(door, campaign, expected))

    second = await door.draft("Story, the next month")
    await door.write(second, subject="More news")
    await door.send(second)
    await until(lambda: is_state(door, second, "sent"))
    assert (await door.figures(second)).sent == 2


@pytest.mark.checklist("C14", "C17", "C18")
@pytest.mark.parametrize("door", ["cakemail"], indirect=True)
async def test_a_scheduled_campaign_leaves_by_itself(
    door: CampaignDoor, client: httpx2.AsyncClient, runtime: Runtime
) -> None:
    campaign = await door.draft("On time")
    await door.write(campaign, subject="At nine")
    await door.schedule(campaign, (runtime.now() - timedelta(seconds=1)).isoformat())
    await until(lambda: is_state(door, campaign, "sent"))
    assert sorted(mail["To"] for mail in await inbox(client)) == sorted(PEOPLE)


async def is_state(door: CampaignDoor, campaign: str, state: str) -> bool:
    return await door.state(campaign) == state


async def has_figures(door: CampaignDoor, campaign: str, figures: Figures) -> bool:
    return await door.figures(campaign) == figures


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await holds():  # noqa: ASYNC110  # the answer is on the other side of HTTP
            await asyncio.sleep(0.05)


async def inbox(client: httpx2.AsyncClient) -> list[EmailMessage]:
    rows = (await client.get("/api/v1/inbox")).json()["data"]
    raws = [await client.get(f"/api/v1/inbox/{row['uuid']}/raw") for row in rows]
    return [email.message_from_bytes(raw.content, policy=email.policy.default) for raw in raws]


def link(mail: EmailMessage, folder: str) -> str:
    body = mail.get_body(("html",))
    assert body is not None
    found = re.search(rf'(?:href|src)="(http[^"]+/{folder}/[^"]+)"', body.get_content())
    assert found is not None
    return found[1].replace("&amp;", "&")


async def read(client: httpx2.AsyncClient, mail: EmailMessage, *, clicks: bool) -> None:
    assert (await client.get(link(mail, "o"))).status_code == 200
    if clicks:
        answer = await client.get(link(mail, "c"), follow_redirects=False)
        assert answer.headers["location"] == "https://harbour.example/lighthouse"


async def leave(client: httpx2.AsyncClient, mail: EmailMessage) -> None:
    """One click, as a mailbox provider does it (RFC 8058)."""
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    target = str(mail["List-Unsubscribe"]).strip("<>")
    form = {"List-Unsubscribe": "One-Click"}
    assert (await client.post(target, data=form)).status_code == 200
