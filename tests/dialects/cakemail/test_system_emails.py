"""System emails in Cakemail's form: the one to contacts can be set, the others are refused."""

from __future__ import annotations

import httpx2
import pytest

from mailwright.store.database import Database
from tests.builders import MadeTenant, make_sender, make_template
from tests.dialects.cakemail.conftest import ClientAs
from tests.dialects.cakemail.document import assert_answer

PATH = "/brands/default/system-emails"
KIND = "contact_double_opt_in"
ASK = '<p>Oui ? <a href="{{ confirm_url }}">Oui</a></p>'


async def test_the_mail_to_contacts_is_set_patched_and_cleared(
    client: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    template = await make_template(database, tenant.id, html=ASK)
    sender = await make_sender(database, tenant.id)
    french = {"language": "fr_CA", "template": {"id": template.id}}
    german = {"language": "de", "sender": {"id": str(sender.id)}}
    told = assert_answer(PATH, await client.put(PATH, json={KIND: [french]}))
    assert (told["object"], told["updated"]) == ("systememails", True)
    told = assert_answer(PATH, await client.patch(PATH, json={KIND: [german]}))
    assert told["data"] == {KIND: [german, french]}
    assert assert_answer(PATH, await client.get(PATH))["data"] == {KIND: [german, french]}
    assert_answer(PATH, await client.patch(PATH, json={}))
    assert assert_answer(PATH, await client.get(PATH))["data"] == {KIND: [german, french]}
    told = assert_answer(PATH, await client.put(PATH, json={KIND: [], "user_confirm": []}))
    assert told["data"] == {KIND: []}


@pytest.mark.parametrize(
    "kind", ["account_confirm", "user_confirm", "sender_confirm", "password_reset"]
)
async def test_what_mailwright_words_itself_is_refused_by_name(
    client: httpx2.AsyncClient, kind: str
) -> None:
    for method in ("PUT", "PATCH"):
        body = {kind: [{"language": "fr"}], KIND: [{"language": "fr"}]}
        told = assert_answer(PATH, await client.request(method, PATH, json=body), 400)
        assert told["detail"][0]["loc"] == ["body", kind]
        assert KIND in told["detail"][0]["msg"]
    assert assert_answer(PATH, await client.get(PATH))["data"] == {KIND: []}


@pytest.mark.checklist("SEC-10")
async def test_what_is_not_the_tenants_or_cannot_ask_is_refused_by_its_place(
    client: httpx2.AsyncClient,
    client_as: ClientAs,
    database: Database,
    tenant: MadeTenant,
    other_tenant: MadeTenant,
) -> None:
    theirs = await make_template(database, other_tenant.id, html=ASK)
    silent = await make_template(database, tenant.id)
    foreign = await make_sender(database, other_tenant.id)
    for mail, place in (
        ({"language": "fr", "template": {"id": theirs.id + 1_000}}, "template"),
        ({"language": "fr", "template": {"id": silent.id}}, "template"),
        ({"language": "fr", "sender": {"id": str(foreign.id + 1_000)}}, "sender"),
        ({"language": "klingon!"}, "language"),
    ):
        answer = await client.put(PATH, json={KIND: [mail]})
        told = assert_answer(PATH, answer, 400)
        assert told["detail"][0]["loc"] == ["body", KIND, "0", place]
    reader = await client_as(tenant, "account:read")
    assert (await reader.get(PATH)).status_code == 200
    assert (await reader.put(PATH, json={})).status_code == 403
