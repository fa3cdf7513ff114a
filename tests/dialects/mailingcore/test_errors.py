"""Every refusal has MailingCore's form and says what was wrong (vendors.md 2.4)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import httpx2
import pytest

from mailwright.services.runtime import Runtime
from tests.builders import MadeTenant
from tests.dialects.mailingcore.conftest import ClientAs, make_key

UNKNOWN = "0198e1b2-3c4d-7e5f-8a9b-0c1d2e3f4a5b"


def _told(answer: httpx2.Response, status: int) -> str:
    """The message, once the form was checked."""
    told = answer.json()
    assert answer.status_code == status, answer.text
    assert set(told) == {"statusCode", "message", "path", "timestamp"}
    assert told["statusCode"] == status
    assert told["path"] == answer.request.url.path
    assert told["timestamp"].endswith("Z")
    assert datetime.fromisoformat(told["timestamp"])
    return told["message"]


async def test_unknown_routes_and_methods_are_refused_in_form(client: httpx2.AsyncClient) -> None:
    assert _told(await client.get("/nowhere"), 404) == "Cannot GET /mailingcore/nowhere"
    refused = await client.delete("/contacts")
    assert _told(refused, 405) == "Cannot DELETE /mailingcore/contacts"
    assert refused.headers["allow"]


async def test_a_body_that_is_no_json_is_refused(client: httpx2.AsyncClient) -> None:
    headers = {"Content-Type": "application/json"}
    answer = await client.put("/contacts", content="{", headers=headers)
    assert _told(answer, 400) == "The body is not valid JSON."


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "email: Give an address, or the external id of a contact."),
        ({"email": "nobody"}, "email: "),
        ({"email": "a@example.com", "externalId": "x" * 129}, "externalId: "),
        ({"email": "a@example.com", "consentVersion": "x" * 65}, "consentVersion: "),
        ({"email": "a@example.com", "optin": True}, "optin: There is no such field."),
        ({"email": "a@example.com", "projectId": UNKNOWN}, "projectId: There is no such project"),
        ({"email": "a@example.com", "source": "a\0"}, "NUL characters"),
        ({"email": "a@example.com", "locale": "klingon!"}, "locale: "),
    ],
)
async def test_a_wrong_field_is_named(
    client: httpx2.AsyncClient, body: dict[str, Any], words: str
) -> None:
    assert words in _told(await client.put("/contacts", json=body), 400)


async def test_ids_that_are_none_of_ours_are_unknown(
    client: httpx2.AsyncClient, other_client: httpx2.AsyncClient
) -> None:
    for path in ("/templates/clxtemplate", f"/templates/{UNKNOWN}", "/contacts/clxcontact"):
        assert "There is no such" in _told(await client.get(path), 404)
    theirs = await other_client.post("/templates", json={"name": "Theirs"})
    assert theirs.status_code == 201
    _told(await client.get(f"/templates/{theirs.json()['id']}"), 404)


@pytest.mark.checklist("M01")
async def test_a_call_needs_a_key_and_its_own_tenant(
    client: httpx2.AsyncClient,
    client_as: ClientAs,
    tenant: MadeTenant,
    other_tenant: MadeTenant,
) -> None:
    for given in ("", "Bearer nonsense", "Basic YTpi"):
        answer = await client.get("/contacts", headers={"Authorization": given})
        _told(answer, 401)
        assert answer.headers["www-authenticate"] == "Bearer"
    for named in (str(tenant.uuid), tenant.slug):
        answer = await client.get("/contacts", headers={"X-Tenant-Id": named})
        assert answer.status_code == 200
    for named in (str(other_tenant.uuid), other_tenant.slug, "clxxxxxxxx", ""):
        refused = await client.get("/contacts", headers={"X-Tenant-Id": named})
        assert "X-Tenant-Id" in _told(refused, 403)
    del client.headers["X-Tenant-Id"]
    assert (await client.get("/contacts")).status_code == 200, "the key alone says whose it is"
    sandbox = await client_as(tenant, sandbox=True)
    assert sandbox.headers["Authorization"].startswith("Bearer mw_test_")
    assert (await sandbox.get("/contacts")).status_code == 200


async def test_a_missing_scope_is_named(client_as: ClientAs, tenant: MadeTenant) -> None:
    reader = await client_as(tenant, "contacts:read")
    assert (await reader.get("/contacts")).status_code == 200
    refused = await reader.put("/contacts", json={"email": "a@example.com"})
    assert "contacts:write" in _told(refused, 403)
    writer = await client_as(tenant, "contacts:write")
    assert (await writer.put("/contacts", json={"email": "a@example.com"})).status_code == 200
    assert "contacts:read" in _told(await writer.get("/contacts"), 403)


async def test_more_than_ten_megabytes_are_refused(client: httpx2.AsyncClient) -> None:
    answer = await client.put("/contacts", content=b" " * 10_000_001)
    _told(answer, 413)


async def test_limits_of_pages_are_told(client: httpx2.AsyncClient) -> None:
    assert "limit: " in _told(await client.get("/templates?limit=101"), 400)
    assert "limit: " in _told(await client.get("/contacts?limit=501"), 400)
    assert "page: " in _told(await client.get("/templates?page=0"), 400)


async def test_the_document_tells_of_every_answer(
    client: httpx2.AsyncClient, runtime: Runtime, tenant: MadeTenant
) -> None:
    key = await make_key(runtime, tenant, sandbox=False)
    assert key.startswith("mw_live_")
    document = (await client.get("/openapi.json")).json()
    assert document["servers"] == [{"url": "/mailingcore"}]
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert operation["summary"], (method, path)
            for status in ("400", "401", "403", "404", "409", "422", "429"):
                schema = operation["responses"][status]["content"]["application/json"]["schema"]
                assert schema == {"$ref": "#/components/schemas/ErrorShape"}, (method, path)
