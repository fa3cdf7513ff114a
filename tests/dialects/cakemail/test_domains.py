"""The default domain and DKIM keys in Cakemail's form (E12, E13)."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import replace

import httpx2
import pytest

from mailwright.services.runtime import Runtime
from tests.builders import MadeTenant
from tests.dialects.cakemail.conftest import ClientAs
from tests.dialects.cakemail.document import assert_answer
from tests.dns_server import DnsServer

DKIM = "/brands/default/dkim"
KEY = f"{DKIM}/{{id}}"
DOMAINS = "/brands/default/domains/default"
VALIDATE = f"{DOMAINS}/validate"


@pytest.fixture
async def dns() -> AsyncGenerator[DnsServer]:
    async with DnsServer() as made:
        yield made


@pytest.fixture
async def runtime(runtime: Runtime, dns: DnsServer) -> Runtime:
    values = {"dns_servers": dns.address, "public_url": "https://mail.platform.example"}
    return replace(runtime, settings=runtime.settings.model_copy(update=values))


@pytest.mark.checklist("E12")
async def test_keys_are_made_shown_rotated_and_deleted(
    client: httpx2.AsyncClient, other_client: httpx2.AsyncClient, dns: DnsServer
) -> None:
    body = {"domain": "Harbour.example", "selector": "k1"}
    made = assert_answer(DKIM, await client.post(DKIM, json=body), 201)
    key = made["data"]
    assert (key["domain"], key["selector"], key["status"]) == ("harbour.example", "k1", "pending")
    record = f"v=DKIM1; k=rsa; p={key['public_key']}"
    dns.add("k1._domainkey.harbour.example", "TXT", record)
    assert_answer(VALIDATE, await client.get(VALIDATE))
    one = f"{DKIM}/{key['id']}"
    shown = assert_answer(KEY, await client.get(one))["data"]
    assert (shown["status"], shown["account_default"]) == ("active", True)
    for selector, status in (("k1", 400), ("not one", 400), ("k2", 201), ("k3", 400)):
        again = await client.post(DKIM, json={"domain": "harbour.example", "selector": selector})
        assert_answer(DKIM, again, status)
    listed = assert_answer(DKIM, await client.get(DKIM))["data"]
    assert [(row["selector"], row["status"]) for row in listed] == [
        ("k1", "active"),
        ("k2", "pending"),
    ]
    assert_answer(KEY, await other_client.get(one), 404)
    assert_answer(KEY, await other_client.delete(one), 404)
    told = assert_answer(KEY, await client.delete(one))
    assert (told["deleted"], told["data"]["selector"]) == (True, "k1")
    assert_answer(KEY, await client.get(one), 404)
    native = await client.get("http://mailwright.test/api/v1/domains")
    [domain] = native.json()["data"]
    assert (domain["signing"], domain["authenticated"]) == (False, False), "nothing signs for it"


@pytest.mark.checklist("E13")
async def test_the_tracking_host_is_named_and_looked_up(
    client: httpx2.AsyncClient, dns: DnsServer
) -> None:
    empty = assert_answer(DOMAINS, await client.get(DOMAINS))["data"]
    assert empty == {"auth": "", "bounce": "", "dkim": "", "tracking": ""}
    assert assert_answer(VALIDATE, await client.get(VALIDATE))["data"]["tracking"] == []
    body = {"domains": {"tracking": "https://go.harbour.example", "bounce": "b.harbour.example"}}
    told = assert_answer(DOMAINS, await client.patch(DOMAINS, json=body))
    assert told["patched"] is True
    assert told["data"] == {
        "auth": "harbour.example",
        "bounce": "b.harbour.example",
        "dkim": "harbour.example",
        "tracking": "go.harbour.example",
    }
    dns.add("go.harbour.example", "CNAME", "mail.platform.example.")
    found = assert_answer(VALIDATE, await client.get(VALIDATE))["data"]
    assert found["tracking"] == [
        {"entry": "go.harbour.example CNAME mail.platform.example", "valid": True}
    ]
    assert [item["valid"] for item in found["bounce"]] == [False, False]


async def test_hosts_of_two_domains_are_refused_by_field(client: httpx2.AsyncClient) -> None:
    body = {"domains": {"tracking": "https://go.harbour.example", "bounce": "b.other.example"}}
    told = assert_answer(DOMAINS, await client.patch(DOMAINS, json=body), 400)
    assert told["detail"][0]["loc"] == ["body", "domains", "bounce"]
    assert assert_answer(DKIM, await client.get(DKIM))["data"] == [], "nothing half made"
    assert_answer(DOMAINS, await client.patch(DOMAINS, json={}), 422)
    bad = await client.post(DKIM, json={"domain": "nowhere"})
    assert assert_answer(DKIM, bad, 400)["detail"][0]["loc"] == ["body", "domain"]


async def test_reading_does_not_mean_changing(client_as: ClientAs, tenant: MadeTenant) -> None:
    reader = await client_as(tenant, "domains:read")
    assert_answer(DKIM, await reader.get(DKIM))
    assert_answer(DKIM, await reader.post(DKIM, json={"domain": "a.example"}), 403)
    assert_answer(DOMAINS, await reader.patch(DOMAINS, json={"domains": {}}), 200)
