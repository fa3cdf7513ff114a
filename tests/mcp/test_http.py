"""`/mcp` as HTTP: who is let in, from where, and what it costs those who do not use it."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import httpx2
import pytest

from mailwright.domain.doors import Door
from mailwright.domain.scopes import Role
from mailwright.services.api_keys import NewApiKey, create_api_key, revoke_api_key
from mailwright.services.caller import Caller
from mailwright.services.members import NewMember, create_member
from mailwright.services.runtime import Runtime
from tests.browser.installation import Installation, running
from tests.builders import MadeTenant
from tests.mcp.assistant import connected, key_for

PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
ACCEPT = {"Accept": "application/json, text/event-stream"}


async def posted(url: str, **headers: str) -> httpx2.Response:
    async with httpx2.AsyncClient() as client:
        return await client.post(url, json=PING, headers={**ACCEPT, **headers})


@pytest.mark.parametrize("mode", ["auto", "legacy"])
@pytest.mark.parametrize("path", ["/mcp", "/mcp/"])
async def test_both_protocols_are_spoken(
    installation: Installation, tenant: MadeTenant, mode: str, path: str
) -> None:
    key = await key_for(installation.runtime, tenant.id)
    async with connected(f"{installation.url}{path}", key, mode=mode) as assistant:
        assert await assistant.data("lists", "list") == []


async def test_an_access_token_opens_it_too(
    installation: Installation, runtime: Runtime, tenant: MadeTenant
) -> None:
    caller = Caller(tenant.id, "key:test", Door.API, frozenset({"*"}))
    new = NewMember("ada@example.com", "correct horse battery", Role.VIEWER)
    await create_member(runtime, caller, new)
    form = {"username": "ada@example.com", "password": "correct horse battery"}
    async with httpx2.AsyncClient() as client:
        answer = await client.post(f"{installation.url}/cakemail/token", data=form)
    async with connected(f"{installation.url}/mcp", answer.json()["access_token"]) as assistant:
        assert await assistant.data("lists", "list") == []


async def test_nobody_is_let_in_without_a_key(installation: Installation) -> None:
    url = f"{installation.url}/mcp"
    for headers in (
        {},
        {"Authorization": "Bearer mw_live_nonsense"},
        {"Authorization": "Basic b3duZXI6cHc="},
    ):
        answer = await posted(url, **headers)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert answer.json()["error"]["code"] == "UNAUTHENTICATED"


async def test_a_revoked_key_ends_in_the_middle(
    installation: Installation, tenant: MadeTenant
) -> None:
    owner = Caller(tenant.id, "member:test", Door.API, frozenset({"*"}))
    view, key = await create_api_key(installation.runtime, owner, NewApiKey("k", ("*",)))
    url = f"{installation.url}/mcp"
    assert (await posted(url, Authorization=f"Bearer {key}")).status_code == 200
    await revoke_api_key(installation.runtime, owner, view.uuid)
    assert (await posted(url, Authorization=f"Bearer {key}")).status_code == 401


async def test_a_call_has_as_many_bytes_as_at_every_other_door(
    installation: Installation, tenant: MadeTenant
) -> None:
    key = await key_for(installation.runtime, tenant.id)
    headers = {**ACCEPT, "Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    url = f"{installation.url}/mcp"
    async with httpx2.AsyncClient() as client:
        padded = json.dumps(PING) + " " * 8_000_000
        assert (await client.post(url, content=padded, headers=headers)).status_code == 200
        refused = await client.post(url, content=padded + " " * 2_000_000, headers=headers)
    assert refused.status_code == 413
    assert refused.json()["error"]["code"] == "PAYLOAD_TOO_LARGE"


async def test_pages_of_other_sites_are_refused(
    installation: Installation, tenant: MadeTenant
) -> None:
    """DNS rebinding: the page's origin stays its own, whatever its name resolves to."""
    key = await key_for(installation.runtime, tenant.id)
    url, known = f"{installation.url}/mcp", {"Authorization": f"Bearer {key}"}
    assert (await posted(url, Origin="https://evil.example", **known)).status_code == 403
    assert (await posted(url, Origin="null", **known)).status_code == 403
    port = installation.url.rpartition(":")[2]
    rebound = {"Origin": f"http://evil.example:{port}", "Host": f"evil.example:{port}"}
    assert (await posted(url, **rebound, **known)).status_code == 403
    assert (await posted(url, Origin=installation.url, **known)).status_code == 200


async def test_calls_are_counted_where_there_is_a_limit(
    runtime: Runtime, tenant: MadeTenant
) -> None:
    settings = runtime.settings.model_copy(update={"rate_limit_per_minute": 1})
    async with running(replace(runtime, settings=settings)) as installation:
        key = await key_for(installation.runtime, tenant.id)
        url, known = f"{installation.url}/mcp", {"Authorization": f"Bearer {key}"}
        assert (await posted(url, **known)).status_code == 200
        answer = await posted(url, **known)
        assert answer.status_code == 429
        assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT"])
async def test_nothing_waits_for_news_that_never_come(
    installation: Installation, method: str
) -> None:
    async with httpx2.AsyncClient() as client:
        answer = await client.request(method, f"{installation.url}/mcp", headers=ACCEPT)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


async def test_what_is_no_message_is_refused_in_form(
    installation: Installation, tenant: MadeTenant
) -> None:
    key = await key_for(installation.runtime, tenant.id)
    headers = {**ACCEPT, "Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    async with httpx2.AsyncClient(headers=headers) as client:
        broken = await client.post(f"{installation.url}/mcp", content=b"{")
        assert broken.status_code == 400
        assert broken.json()["error"]["code"] == -32700


def test_the_kit_is_loaded_by_the_first_call_only() -> None:
    program = (
        "import sys\n"
        "import mailwright.app, mailwright.api.application, mailwright.mcp.http\n"
        "sys.exit('mcp' in sys.modules or 'mailwright.mcp.tools' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
