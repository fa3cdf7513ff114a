"""`/account/confirmation-mails` over HTTP."""

from __future__ import annotations

import httpx2

from mailwright.store.database import Database
from tests.builders import MadeTenant, make_sender, make_template

PATH = "/account/confirmation-mails"
ASK = '<p>Oui ? <a href="{{ confirm_url }}">Oui</a></p>'


async def test_mails_are_set_by_language_and_read_back(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    template = await make_template(database, tenant.id, html=ASK)
    sender = await make_sender(database, tenant.id)
    mails = [
        {"language": "fr", "template_uuid": str(template.uuid), "sender_uuid": None},
        {"language": "pt-BR", "template_uuid": None, "sender_uuid": str(sender.uuid)},
    ]
    assert (await api.get(PATH)).json()["data"] == {"mails": []}
    made = await api.put(PATH, json={"mails": [mails[1] | {"language": "pt_br"}, mails[0]]})
    assert made.json()["data"] == {"mails": mails}
    assert (await api.get(PATH)).json()["data"] == {"mails": mails}
    assert (await api.put(PATH, json={"mails": []})).json()["data"] == {"mails": []}


async def test_what_is_wrong_is_named_by_its_place(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    silent = await make_template(database, tenant.id, html="<p>Bonjour</p>")
    good = {"language": "de"}
    for bad, field in (
        ({"language": "fr", "template_uuid": str(silent.uuid)}, "mails.1.template_uuid"),
        ({"language": "klingon!"}, "mails.1.language"),
        ({"language": "de"}, "mails.1.language"),
        ({"language": "fr", "template_uuid": "x"}, "mails.1.template_uuid"),
        ({"language": "fr", "subject": "x"}, "mails.1.subject"),
    ):
        answer = await api.put(PATH, json={"mails": [good, bad]})
        assert answer.status_code == 422
        assert list(answer.json()["error"]["details"]) == [field]
    assert (await api.get(PATH)).json()["data"] == {"mails": []}
