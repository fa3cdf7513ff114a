"""`/domains`: added, published, looked at, given a new key, removed."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from mailwright.services.runtime import Runtime
from tests.dns_server import DnsServer
from tests.domains import resolving


@pytest.fixture
async def dns(application: FastAPI, runtime: Runtime) -> AsyncGenerator[DnsServer]:
    """The application asks this server; it answers what the test writes."""
    async with resolving(runtime, public_url="https://mail.platform.example") as (server, asking):
        application.state.runtime = asking
        yield server


async def _made(api: httpx2.AsyncClient, name: str = "harbour.example") -> dict[str, Any]:
    answer = await api.post("/domains", json={"name": name})
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]


def _publish(dns: DnsServer, domain: dict[str, Any]) -> None:
    for record in domain["records"]:
        value = record["value"] + ("." if record["type"] in {"CNAME", "MX"} else "")
        dns.add(record["host"], record["type"], value)


@pytest.mark.checklist("E12")
async def test_a_domain_is_valid_once_its_records_are_published(
    api: httpx2.AsyncClient, dns: DnsServer
) -> None:
    made = await _made(api)
    assert {record["state"] for record in made["records"]} == {"pending"}
    path = f"/domains/{made['uuid']}"
    unseen = (await api.post(f"{path}/verify")).json()["data"]
    assert unseen["missing"] == ["spf", "dkim", "tracking"]
    assert all(record["mend"] for record in unseen["records"])
    _publish(dns, made)
    seen = (await api.post(f"{path}/verify")).json()["data"]
    assert {record["state"] for record in seen["records"]} == {"valid"}, seen
    assert (seen["state"], seen["ready"], seen["missing"]) == ("valid", True, [])
    assert (await api.get(path)).json()["data"]["signing"] is True
    assert [row["name"] for row in (await api.get("/domains")).json()["data"]] == [made["name"]]
    assert (await api.delete(path)).status_code == 204
    assert (await api.get(path)).status_code == 404


async def test_a_key_is_rotated_once_at_a_time(api: httpx2.AsyncClient, dns: DnsServer) -> None:
    made = await _made(api)
    _publish(dns, made)
    await api.post(f"/domains/{made['uuid']}/verify")
    rotated = await api.post(f"/domains/{made['uuid']}/rotate-key")
    kinds = [record["kind"] for record in rotated.json()["data"]["records"]]
    assert kinds[1:3] == ["dkim", "dkim_next"]
    again = await api.post(f"/domains/{made['uuid']}/rotate-key")
    assert (again.status_code, again.json()["error"]["code"]) == (409, "KEY_PENDING")


async def test_private_keys_are_never_shown(api: httpx2.AsyncClient, dns: DnsServer) -> None:
    made = await _made(api)
    assert set(made["keys"][0]) == {
        "uuid",
        "selector",
        "state",
        "public_key",
        "created_at",
        "activated_at",
        "retired_at",
    }


@pytest.mark.parametrize("name", ["localhost", "https://x.example", "a@b.example", "1.2.3.4", ""])
async def test_what_is_no_domain_is_refused_by_field(api: httpx2.AsyncClient, name: str) -> None:
    answer = await api.post("/domains", json={"name": name})
    assert (answer.status_code, list(answer.json()["error"]["details"])) == (422, ["name"])


async def test_an_international_domain_is_kept_in_ascii_and_once(api: httpx2.AsyncClient) -> None:
    assert (await _made(api, "Bücher.example"))["name"] == "xn--bcher-kva.example"
    again = await api.post("/domains", json={"name": "xn--bcher-kva.example"})
    assert (again.status_code, again.json()["error"]["code"]) == (409, "DUPLICATE_RESOURCE")


async def test_hosts_may_be_renamed_below_the_domain(
    api: httpx2.AsyncClient, dns: DnsServer
) -> None:
    made = await _made(api)
    path = f"/domains/{made['uuid']}"
    _publish(dns, made)
    await api.post(f"{path}/verify")
    changed = (await api.patch(path, json={"tracking_host": "Go.harbour.example"})).json()["data"]
    assert (changed["tracking_host"], changed["missing"]) == ("go.harbour.example", ["tracking"])
    refused = await api.patch(path, json={"return_path_host": "bounces.elsewhere.example"})
    assert refused.status_code == 422
    assert list(refused.json()["error"]["details"]) == ["return_path_host"]
