"""`/senders`, and `/sender-identities` as easymail's clients read them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import httpx2
import pytest
from pydantic import SecretStr
from sqlalchemy import insert

from mailwright.domain.doors import Door
from mailwright.domain.ids import new_id
from mailwright.services import projects, senders
from mailwright.services.caller import Caller
from mailwright.services.runtime import Runtime
from mailwright.store.database import Database
from mailwright.store.tables import members
from tests.builders import MadeTenant, make_campaign, make_sender

POST = {"name": "Harbour Post", "email": "Post@Harbour.example"}


async def _sender(api: httpx2.AsyncClient, **fields: object) -> dict[str, object]:
    answer = await api.post("/senders", json=POST | fields)
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]


async def test_a_sender_is_made_changed_and_deleted(api: httpx2.AsyncClient) -> None:
    made = await _sender(api)
    assert (made["email"], made["enabled"], made["confirmed"]) == (POST["email"], True, True)
    path = f"/senders/{made['uuid']}"
    changed = await api.patch(path, json={"name": "Post", "reply_to": "reply@harbour.example"})
    assert changed.json()["data"]["name"] == "Post"
    assert (await api.get(path)).json()["data"]["reply_to"] == "reply@harbour.example"
    assert (await api.patch(path, json={"reply_to": None})).json()["data"]["reply_to"] is None
    assert (await api.delete(path)).status_code == 204
    assert (await api.get(path)).status_code == 404


async def test_identities_are_the_enabled_senders_by_address(api: httpx2.AsyncClient) -> None:
    for email in ("b@harbour.example", "a@harbour.example", "c@harbour.example"):
        made = await _sender(api, email=email)
    await api.patch(f"/senders/{made['uuid']}", json={"enabled": False})
    answer = (await api.get("/sender-identities")).json()
    assert [row["email"] for row in answer["data"]] == ["a@harbour.example", "b@harbour.example"]
    assert set(answer["data"][0]) == {"uuid", "email", "from_name", "reply_to"}
    assert answer["pagination"]["total"] == 2
    assert (await api.get("/senders")).json()["pagination"]["total"] == 3


async def test_an_address_makes_one_sender_only(api: httpx2.AsyncClient) -> None:
    await _sender(api)
    again = await api.post("/senders", json=POST | {"email": "post@harbour.example"})
    assert again.status_code == 409
    assert again.json()["error"]["code"] == "DUPLICATE_RESOURCE"


async def test_a_sender_in_use_is_not_deleted(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    sender = await make_sender(database, tenant.id)
    await make_campaign(database, tenant.id, sender_id=sender.id)
    answer = await api.delete(f"/senders/{sender.uuid}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "SENDER_IN_USE")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"email": "nobody"}, "email"),
        ({"email": "a@b.example\r\nBcc: c@d.example"}, "email"),
        ({"name": "Post\r\nBcc: c@d.example"}, "name"),
        ({"name": ""}, "name"),
        ({"reply_to": "nobody"}, "reply_to"),
    ],
)
async def test_what_cannot_stand_in_a_header_is_refused_by_field(
    api: httpx2.AsyncClient, body: Mapping[str, object], field: str
) -> None:
    answer = await api.post("/senders", json={**POST, **body})
    assert answer.status_code == 422
    assert list(answer.json()["error"]["details"]) == [field]


async def test_where_mail_leaves_the_machine_only_members_are_confirmed_at_once(
    runtime: Runtime, database: Database, tenant: MadeTenant
) -> None:
    away = {"smtp_url": SecretStr("smtp://mail.harbour.example:25?tls=none")}
    runtime = replace(runtime, settings=runtime.settings.model_copy(update=away))
    caller = Caller(tenant.id, "key:test", Door.API, frozenset({"*"}))
    member = {
        "tenant_id": tenant.id,
        "uuid": new_id(),
        "email": "ada@harbour.example",
        "email_key": "ada@harbour.example",
        "password_hash": "-",
        "role": "owner",
    }
    async with database.transaction() as connection:
        await connection.execute(insert(members).values(member))
    stranger = await senders.create_sender(runtime, caller, "post@harbour.example", "Post")
    assert (stranger.enabled, stranger.confirmed) == (False, False)
    with pytest.raises(Exception, match="confirmed"):
        await senders.change_sender(runtime, caller, stranger.uuid, {"enabled": True})
    own = await senders.create_sender(runtime, caller, "Ada@Harbour.example", "Ada")
    assert (own.enabled, own.confirmed) == (True, True)


async def test_a_tenants_own_loopback_confirms_nobody_for_the_operators_relay(
    runtime: Runtime, database: Database, tenant: MadeTenant
) -> None:
    away = {"smtp_url": SecretStr("smtp://mail.harbour.example:25?tls=none")}
    runtime = replace(runtime, settings=runtime.settings.model_copy(update=away))
    caller = Caller(tenant.id, "key:test", Door.API, frozenset({"*"}))
    await projects.create_project(
        runtime, caller, {"name": "Mine", "host": "127.0.0.1", "is_default": True}
    )
    made = await senders.create_sender(runtime, caller, "ceo@bank.example", "The CEO")
    assert (made.enabled, made.confirmed) == (False, False)
