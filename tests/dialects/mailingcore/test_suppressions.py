"""Suppressions through MailingCore's calls."""

from __future__ import annotations

import httpx2
import pytest


@pytest.mark.checklist("X11")
async def test_an_address_is_suppressed_listed_and_released(client: httpx2.AsyncClient) -> None:
    await client.put("/contacts", json={"email": "gone@example.com"})
    body = {"email": "Gone@example.com", "reason": "complaint"}
    made = await client.post("/suppressions", json=body)
    assert made.status_code == 201, made.text
    assert (made.json()["email"], made.json()["reason"]) == ("gone@example.com", "complaint")
    contact = (await client.get("/contacts")).json()["data"][0]
    assert contact["suppressedAt"] == made.json()["createdAt"]
    assert (await client.post("/suppressions", json=body)).status_code == 409
    assert (await client.get("/suppressions")).json()["data"] == [made.json()]
    assert (await client.delete("/suppressions/GONE@example.com")).status_code == 204
    assert (await client.delete("/suppressions/gone@example.com")).status_code == 404
    assert (await client.get("/contacts")).json()["data"][0]["suppressedAt"] is None


async def test_long_lists_are_read_on_with_a_cursor(client: httpx2.AsyncClient) -> None:
    for number in range(5):
        await client.post("/suppressions", json={"email": f"p{number}@example.com"})
    seen: list[str] = []
    cursor: str | None = "1"
    while cursor:
        page = (await client.get(f"/suppressions?limit=2&cursor={cursor}")).json()
        seen += [row["email"] for row in page["data"]]
        cursor = page["meta"].get("nextCursor")
    assert len(set(seen)) == len(seen) == 5


async def test_a_reason_nobody_knows_is_named(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/suppressions", json={"email": "a@example.com", "reason": "mood"})
    assert answer.status_code == 400
    assert answer.json()["message"].startswith("reason: ")


async def test_another_tenants_suppressions_stay(
    client: httpx2.AsyncClient, other_client: httpx2.AsyncClient
) -> None:
    await other_client.post("/suppressions", json={"email": "a@example.com"})
    assert (await client.delete("/suppressions/a@example.com")).status_code == 404
    assert (await client.get("/suppressions")).json()["data"] == []
    assert (await other_client.get("/suppressions")).json()["meta"]["total"] == 1
