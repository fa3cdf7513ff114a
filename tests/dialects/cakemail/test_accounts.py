"""The account in Cakemail's form: whatever the document requires is there (issue 4)."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from tests.builders import MadeTenant
from tests.dialects.cakemail.conftest import ClientAs
from tests.dialects.cakemail.document import assert_answer

PATH = "/accounts/self"


async def test_an_account_of_which_little_is_known_has_every_field(
    client: httpx2.AsyncClient, tenant: MadeTenant
) -> None:
    told = assert_answer(PATH, await client.get(PATH, params={"account_id": tenant.id}))
    data = told["data"]
    assert (data["id"], data["lineage"], data["status"]) == (
        str(tenant.id),
        str(tenant.id),
        "active",
    )
    assert data["address"]["address1"] == "1 High Street"
    assert None not in data.values()
    assert data["account_owner"] == {}


async def test_an_account_is_changed_part_by_part(client: httpx2.AsyncClient) -> None:
    address = {"address1": "2 Quay", "city": "Harbour", "postal_code": "H2X", "country": "Canada"}
    change = {"name": "Harbour Books", "address": address, "phone": "555 0100", "unknown": 1}
    told = assert_answer(PATH, await client.patch(PATH, json=change))
    assert told["warnings"] == []
    assert told["data"]["name"] == "Harbour Books"
    assert told["data"]["address"] == {"address2": "", "province": "", **address}
    told = assert_answer(
        PATH, await client.patch(PATH, json={"website": "https://harbour.example"})
    )
    assert told["data"]["phone"] == "555 0100"
    assert told["data"]["address"]["city"] == "Harbour"
    native = await client.get("http://mailwright.test/api/v1/account")
    assert native.json()["data"]["postal_address"] == "2 Quay\nHarbour H2X\nCanada"
    url = "http://mailwright.test/api/v1/account"
    await client.patch(url, json={"postal_address": "3 Pier\nElsewhere", "monthly_quota": 10})
    told = assert_answer(PATH, await client.get(PATH))
    assert told["data"]["address"]["address1"] == "3 Pier Elsewhere"
    assert (
        told["data"]["usage_limits"] | {"per_month": 10, "remaining": 10}
        == (told["data"]["usage_limits"])
    )


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"name": ""}, 422, "name"),
        ({"address": {"city": "x"}}, 422, "address"),
        ({"domains": {"bounce": "b.example"}}, 400, "domains"),
        ({"account_owner": {"user_id": "99"}}, 400, "account_owner"),
    ],
)
async def test_what_cannot_be_changed_so_is_named(
    client: httpx2.AsyncClient, change: dict[str, Any], status: int, field: str
) -> None:
    told = assert_answer(PATH, await client.patch(PATH, json=change), status)
    assert told["detail"][0]["loc"][:2] == ["body", field]


async def test_reading_does_not_mean_changing(client_as: ClientAs, tenant: MadeTenant) -> None:
    reader = await client_as(tenant, "account:read")
    assert_answer(PATH, await reader.get(PATH))
    assert_answer(PATH, await reader.patch(PATH, json={"name": "x"}), 403)
    owner = {"account_owner": {"user_id": 1}}
    assert_answer(PATH, await reader.patch(PATH, json=owner), 403)


async def test_there_are_no_accounts_below(client: httpx2.AsyncClient, tenant: MadeTenant) -> None:
    told = assert_answer("/accounts", await client.get("/accounts?recursive=true&with_count=true"))
    assert (told["data"], told["pagination"]["count"]) == ([], 0)
    path = "/accounts/{account_id}"
    told = assert_answer(path, await client.get(f"/accounts/{tenant.id}"))
    assert told["data"]["id"] == str(tenant.id)
    assert_answer(path, await client.get(f"/accounts/{tenant.id + 1}"), 404)
