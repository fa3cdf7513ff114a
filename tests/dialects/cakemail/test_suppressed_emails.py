"""Suppressed addresses and patterns in Cakemail's form (X09)."""

from __future__ import annotations

import httpx2
import pytest

from tests.builders import MadeTenant
from tests.dialects.cakemail.conftest import ClientAs
from tests.dialects.cakemail.document import assert_answer

PATH = "/suppressed-emails"


@pytest.mark.checklist("X09")
async def test_addresses_and_patterns_are_added_found_and_removed(
    client: httpx2.AsyncClient, other_client: httpx2.AsyncClient
) -> None:
    for email in ("gone@example.com", "*@closed.example", "noreply@*"):
        told = assert_answer(PATH, await client.post(PATH, json={"email": email}), 201)
        assert (told["email"], told["created"]) == (email, True)
        assert_answer(PATH, await client.post(PATH, json={"email": email}), 201)
    told = assert_answer(PATH, await client.get(f"{PATH}?with_count=true&per_page=2"))
    assert told["pagination"] == {"page": 1, "per_page": 2, "count": 3}
    found = await client.get(PATH, params={"filter": "email==*@closed.example"})
    [row] = assert_answer(PATH, found)["data"]
    assert row["email"] == "*@closed.example"
    assert assert_answer(PATH, await other_client.get(PATH))["data"] == []
    one = f"{PATH}/{{email}}"
    assert_answer(one, await other_client.delete(f"{PATH}/gone@example.com"), 404)
    told = assert_answer(one, await client.delete(f"{PATH}/*@closed.example"))
    assert (told["email"], told["deleted"]) == ("*@closed.example", True)
    assert_answer(one, await client.delete(f"{PATH}/*@closed.example"), 404)
    native = await client.get("http://mailwright.test/api/v1/suppressions")
    assert {row["email"] for row in native.json()["data"]} == {"gone@example.com", "noreply@*"}


@pytest.mark.parametrize(("email", "status"), [("nobody", 400), ("*@*", 400), ("", 422), (7, 422)])
async def test_what_is_no_address_is_refused(
    client: httpx2.AsyncClient, email: object, status: int
) -> None:
    told = assert_answer(PATH, await client.post(PATH, json={"email": email}), status)
    assert told["detail"][0]["loc"] == ["body", "email"]


async def test_reading_does_not_mean_changing(client_as: ClientAs, tenant: MadeTenant) -> None:
    reader = await client_as(tenant, "suppressions:read")
    assert_answer(PATH, await reader.get(PATH))
    assert_answer(PATH, await reader.post(PATH, json={"email": "a@example.com"}), 403)
    assert_answer(f"{PATH}/{{email}}", await reader.delete(f"{PATH}/a@example.com"), 403)
