"""Sending domains and figures through MailingCore's calls."""

from __future__ import annotations

import httpx2
import pytest

from mailwright.dialects.mailingcore.application import create_mailingcore
from mailwright.services.api_keys import NewApiKey, create_api_key
from mailwright.services.caller import Caller
from mailwright.services.runtime import Runtime
from tests.builders import MadeTenant
from tests.dialects.mailingcore.conftest import ClientAs
from tests.domains import resolving


async def test_a_domain_is_added_verified_and_removed(
    runtime: Runtime, tenant: MadeTenant, caller: Caller
) -> None:
    async with resolving(runtime, public_url="https://mail.platform.example") as (dns, asking):
        _, key = await create_api_key(asking, caller, NewApiKey("test", ("*",)))
        async with httpx2.AsyncClient(
            transport=httpx2.ASGITransport(create_mailingcore(asking)),
            base_url="http://mailwright.test",
            headers={"Authorization": f"Bearer {key}"},
        ) as client:
            answer = await client.post("/domains", json={"domain": "harbour.example"})
            assert answer.status_code == 201, answer.text
            made = answer.json()
            assert (made["domain"], made["status"]) == ("harbour.example", "PENDING")
            for record in made["records"]:
                dot = "." if record["type"] in {"CNAME", "MX"} else ""
                dns.add(record["host"], record["type"], record["value"] + dot)
            path = f"/domains/{made['id']}"
            seen = (await client.post(f"{path}/verify")).json()
            statuses = [seen[f"{kind}Status"] for kind in ("spf", "dkim", "dmarc")]
            assert statuses == ["VALID", "VALID", "VALID"]
            assert (await client.get(path)).json() == seen
            assert (await client.get("/domains")).json()["data"] == [seen]
            assert (await client.delete(path)).status_code == 204
            assert (await client.get(path)).status_code == 404


@pytest.mark.parametrize("name", ["no domain", "http://x.example", ""])
async def test_what_is_no_domain_is_refused(client: httpx2.AsyncClient, name: str) -> None:
    answer = await client.post("/domains", json={"domain": name})
    assert answer.status_code == 400
    assert answer.json()["message"].startswith("domain: ")


@pytest.mark.checklist("SEC-10")
async def test_another_tenants_domain_is_unknown(
    client: httpx2.AsyncClient,
    other_client: httpx2.AsyncClient,
    client_as: ClientAs,
    tenant: MadeTenant,
) -> None:
    made = (await client.post("/domains", json={"domain": "harbour.example"})).json()
    for method, path in (("GET", ""), ("POST", "/verify"), ("DELETE", "")):
        answer = await other_client.request(method, f"/domains/{made['id']}{path}")
        assert answer.status_code == 404, method
    reader = await client_as(tenant, "domains:read")
    assert (await reader.delete(f"/domains/{made['id']}")).status_code == 403


async def test_figures_are_added_up(client: httpx2.AsyncClient) -> None:
    wanted = {"from": "2026-01-01T00:00:00Z", "to": "2026-12-31T00:00:00.000Z"}
    told = (await client.get("/analytics/summary", params=wanted)).json()
    assert (told["from"], told["sent"], told["openRate"]) == ("2026-01-01T00:00:00.000Z", 0, 0)
    assert told.keys() >= {"emailsSubmitted", "contacts", "bounceRate", "complained"}
    refused = await client.get("/analytics/summary", params={"from": "2026-01-01T00:00:00"})
    assert refused.status_code == 400
