"""Templates for single mails: kept by a list, sent to one person, refused by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx2
import pytest

from mailwright.services.runtime import Runtime
from mailwright.store.database import Database
from tests.builders import MadeTenant, make_contact, make_list, make_sender
from tests.dialects.cakemail.conftest import ClientAs
from tests.dialects.cakemail.document import assert_answer

ALL = "/lists/{list_id}/transactional-email-templates"
ONE = ALL + "/{transactional_email_template_id}"
CONTENT = {"type": "html", "subject": "Your code", "html": "<p>Code {{ code }}</p>"}


async def made(client: httpx2.AsyncClient, database: Database, tenant: MadeTenant) -> str:
    """The path of a new template."""
    target = await make_list(database, tenant.id)
    sender = await make_sender(database, tenant.id, "post@harbour.example")
    body = {"name": "Code", "sender": {"id": str(sender.id)}, "content": CONTENT}
    path = f"/lists/{target.id}/transactional-email-templates"
    told = assert_answer(ALL, await client.post(path, json=body), 201)
    return f"{path}/{told['id']}"


async def test_it_is_made_shown_changed_and_deleted(
    client: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    path = await made(client, database, tenant)
    data = assert_answer(ONE, await client.get(path))["data"]
    assert data["content"]["subject"] == "Your code"
    assert data["sender"]["email"] == "post@harbour.example"
    folder = path.rpartition("/")[0]
    assert len(assert_answer(ALL, await client.get(f"{folder}?with_count=true"))["data"]) == 1
    change = {"name": "Codes", "content": {"subject": "A code"}, "reply_to": "re@harbour.example"}
    data = assert_answer(ONE, await client.patch(path, json=change))["data"]
    assert (data["name"], data["content"]["subject"]) == ("Codes", "A code")
    assert CONTENT["html"] in data["content"]["html"]
    told = assert_answer(ONE, await client.delete(path))
    assert told["deleted"] is True
    assert_answer(ONE, await client.get(path), 404)


async def test_it_goes_to_one_contact_with_its_values(
    client: httpx2.AsyncClient, runtime: Runtime, database: Database, tenant: MadeTenant
) -> None:
    path = await made(client, database, tenant)
    contact = await make_contact(database, tenant.id, "ada@example.com")
    body = {"contact_id": contact.id, "custom_attributes": [{"name": "code", "value": "42"}]}
    rendered = await client.post(f"{path}/render", json=body)
    assert rendered.headers["content-type"].startswith("text/html")
    assert "Code 42" in rendered.text
    told = assert_answer(f"{ONE}/send", await client.post(f"{path}/send", json=body))
    assert (told["email"], told["data"]["contact_id"]) == ("ada@example.com", contact.id)
    test = {"email": "me@harbour.example"}
    assert_answer(f"{ONE}/send-test", await client.post(f"{path}/send-test", json=test))


async def test_an_address_becomes_a_contact_who_agreed_to_nothing(
    client: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    path = await made(client, database, tenant)
    body = {"email": "new@example.com", "variables": {"code": "7"}}
    told = assert_answer(f"{ONE}/send", await client.post(f"{path}/send", json=body))
    again = assert_answer(f"{ONE}/send", await client.post(f"{path}/send", json=body))
    assert told["data"] == again["data"]
    found = (await client.get(f"{path.split('/transactional')[0]}/contacts")).json()
    assert {row["status"] for row in found.get("data", [])} <= {"pending"}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "x", "content": {**CONTENT, "subject": ""}}, "subject"),
        ({"content": CONTENT}, "name"),
        ({"name": "x", "content": {"type": "html", "subject": "x"}}, "html"),
        ({"name": "x", "content": CONTENT, "cc": ["me@example.com"]}, "cc"),
        ({"name": "x", "content": CONTENT, "tracking": {"additional_params": "a=1"}}, "tracking"),
        ({"name": "x", "content": {**CONTENT, "html": "{{ broken"}}, "html"),
        ({"name": "x", "content": CONTENT, "reply_to": "nobody"}, "reply_to"),
        ({"name": "x", "content": CONTENT, "sender": {"id": "999"}}, "sender"),
    ],
)
async def test_what_cannot_be_kept_is_refused_and_nothing_made(
    client: httpx2.AsyncClient,
    database: Database,
    tenant: MadeTenant,
    body: Mapping[str, Any],
    field: str,
) -> None:
    target = await make_list(database, tenant.id)
    path = f"/lists/{target.id}/transactional-email-templates"
    answer = await client.post(path, json=body)
    assert answer.status_code in {400, 404, 422}
    told = assert_answer(ALL, answer, answer.status_code)
    assert field in str(told["detail"])
    assert (await client.get(path)).json()["data"] == []
    assert (await client.post(f"{path}/1/send", json={"email": "a@example.com"})).status_code == 404


async def test_nobody_else_sees_or_sends_it(
    client: httpx2.AsyncClient,
    other_client: httpx2.AsyncClient,
    client_as: ClientAs,
    database: Database,
    tenant: MadeTenant,
) -> None:
    path = await made(client, database, tenant)
    assert_answer(ONE, await other_client.get(path), 404)
    assert_answer(ONE, await other_client.delete(path), 404)
    body = {"email": "a@example.com"}
    assert_answer(f"{ONE}/send", await other_client.post(f"{path}/send", json=body), 404)
    reader = await client_as(tenant, "templates:read")
    assert_answer(ONE, await reader.get(path))
    assert_answer(ONE, await reader.delete(path), 403)
    assert_answer(f"{ONE}/send", await reader.post(f"{path}/send", json=body), 403)
