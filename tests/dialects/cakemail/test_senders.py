"""Senders in Cakemail's form (E07–E10, E35)."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from dataclasses import replace
from email import message_from_bytes, policy

import httpx2
import pytest
from pydantic import SecretStr

from mailwright.domain.doors import Door
from mailwright.domain.scopes import Role
from mailwright.services.caller import Caller
from mailwright.services.members import NewMember, create_member
from mailwright.services.runtime import Runtime
from tests.builders import MadeTenant, make_campaign
from tests.dialects.cakemail.conftest import ClientAs
from tests.dialects.cakemail.document import assert_answer
from tests.smtp_sink import SmtpSink

PATH = "/brands/default/senders"
ONE = f"{PATH}/{{sender_id}}"
NEWS = {"name": "Sender Name", "email": "sender@example.com"}


@pytest.fixture
async def sink() -> AsyncGenerator[SmtpSink]:
    async with SmtpSink() as made:
        yield made


@pytest.fixture
async def runtime(runtime: Runtime, sink: SmtpSink) -> Runtime:
    """Where mail leaves this machine, as far as the name of its server tells."""
    values = {
        "smtp_url": SecretStr(f"smtp://0.0.0.0:{sink.transport.port}?tls=none"),
        "require_authenticated_domains": "off",
    }
    return replace(runtime, settings=runtime.settings.model_copy(update=values))


def _link(sink: SmtpSink) -> str:
    mail = message_from_bytes(sink.mails[-1].raw, policy=policy.default)
    body = mail.get_body(("plain",))
    assert body is not None
    found = re.search(r"http://\S+(/s/\S+)", body.get_content())
    assert found
    return found[1]


@pytest.mark.checklist("E07", "E09", "E10")
async def test_another_address_is_confirmed_by_the_mailed_link(
    client: httpx2.AsyncClient, stranger: httpx2.AsyncClient, sink: SmtpSink
) -> None:
    told = assert_answer(PATH, await client.post(PATH, json=NEWS), 201)
    assert isinstance(told["id"], str)
    assert told["id"].isdigit()
    assert (told["object"], told["created"], told["name"]) == ("sender", True, "Sender Name")
    assert told["data"]["confirmed"] is False
    assert "confirmed_on" not in told["data"]
    assert isinstance(told["data"]["last_confirmation_sent_on"], int)
    assert sink.recipients == ["sender@example.com"]
    confirmation = {"confirmation_id": _link(sink).removeprefix("/s/")}
    path = f"{PATH}/confirm-email"
    told = assert_answer(path, await stranger.post(path, json=confirmation))
    assert (told["confirmed"], told["data"]["confirmed"]) == (True, True)
    shown = assert_answer(ONE, await client.get(f"{PATH}/{told['data']['id']}"))
    assert shown["data"]["confirmed_on"] > 0
    assert_answer(path, await stranger.post(path, json={"confirmation_id": "x"}), 404)
    assert_answer(path, await stranger.post(path, json={}), 422)


@pytest.mark.checklist("E08")
async def test_an_own_address_is_confirmed_at_once(
    client: httpx2.AsyncClient, runtime: Runtime, tenant: MadeTenant, sink: SmtpSink
) -> None:
    by = Caller(tenant.id, "cli", Door.CLI, frozenset({"*"}))
    await create_member(runtime, by, NewMember("Me@example.com", "a long pass phrase", Role.OWNER))
    body = {"name": "Me", "email": "me@example.com", "language": "fr_CA"}
    told = assert_answer(PATH, await client.post(PATH, json=body), 201)
    assert (told["data"]["confirmed"], told["data"]["language"]) == (True, "fr_CA")
    assert sink.mails == []


async def test_senders_are_paged_sorted_changed_and_deleted(
    client: httpx2.AsyncClient, runtime: Runtime, tenant: MadeTenant
) -> None:
    for name in ("b", "c", "a"):
        body = {"name": name, "email": f"x{name}@example.com"}
        made = assert_answer(PATH, await client.post(PATH, json=body), 201)
    query = {"sort": "-name", "with_count": "true", "per_page": 2}
    told = assert_answer(PATH, await client.get(PATH, params=query))
    assert [row["name"] for row in told["data"]] == ["c", "b"]
    assert told["pagination"]["count"] == 3
    one = f"{PATH}/{made['id']}"
    body = {"name": "News", "language": "pt-PT"}
    told = assert_answer(ONE, await client.patch(one, json=body))
    assert (told["updated"], told["data"]["name"]) == (True, "News")
    assert told["data"]["language"] == "pt", "the document knows no pt_PT"
    number = int(made["id"])
    campaign = await make_campaign(runtime.database, tenant.id, sender_id=number)
    assert_answer(ONE, await client.delete(one), 400)
    native = f"http://mailwright.test/api/v1/campaigns/{campaign.uuid}"
    assert (await client.delete(native)).status_code == 204
    told = assert_answer(ONE, await client.delete(one))
    assert (told["id"], told["deleted"]) == (made["id"], True)


async def test_the_confirmation_is_sent_again_but_not_for_ever(
    client: httpx2.AsyncClient, sink: SmtpSink
) -> None:
    made = assert_answer(PATH, await client.post(PATH, json=NEWS), 201)
    again, path = (
        f"{PATH}/{made['id']}/resend-confirmation-email",
        f"{ONE}/resend-confirmation-email",
    )
    told = assert_answer(path, await client.post(again))
    assert (told["id"], told["resent"]) == (made["id"], True)
    for _ in range(3):
        assert_answer(path, await client.post(again))
    assert (await client.post(again)).status_code == 429
    assert len(sink.mails) == 5


@pytest.mark.checklist("E35")
async def test_an_unknown_sender_is_told_so(
    client: httpx2.AsyncClient, other_client: httpx2.AsyncClient
) -> None:
    made = assert_answer(PATH, await client.post(PATH, json=NEWS), 201)
    for who, number in ((client, "999999"), (other_client, made["id"])):
        told = assert_answer(ONE, await who.get(f"{PATH}/{number}"), 404)
        assert told["message"] == "There is no such sender."


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "A"}, "email"),
        ({"email": "a@example.com"}, "name"),
        ({"name": "", "email": "a@example.com"}, "name"),
        ({"name": "A", "email": "nobody"}, "email"),
    ],
)
async def test_bad_input_is_refused_by_field(
    client: httpx2.AsyncClient, body: dict[str, str], field: str
) -> None:
    told = assert_answer(PATH, await client.post(PATH, json=body), 422)
    assert [item["loc"] for item in told["detail"]] == [["body", field]]


async def test_reading_does_not_mean_changing(client_as: ClientAs, tenant: MadeTenant) -> None:
    reader = await client_as(tenant, "senders:read")
    assert_answer(PATH, await reader.get(PATH))
    assert_answer(PATH, await reader.post(PATH, json=NEWS), 403)
