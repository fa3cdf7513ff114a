"""Whatever is sent, the answer is a refusal in MailingCore's form, never an accident."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from tests.dialects.mailingcore.campaign_stories import create, made

NUL = "\0"
HUGE = 10**30


@pytest.mark.parametrize(
    "path",
    [
        "/contacts/%00",
        "/contacts?locale=%00",
        f"/contacts?cursor={HUGE}",
        "/contacts?cursor=-1",
        "/contacts?updatedSince=2026-01-01T00:00:00",
        "/contacts?updatedSince=yesterday",
        "/contacts?updatedSince=0001-01-01T00:00:00%2B14:00",
        "/contacts?projectId=clxproject",
        "/templates?search=%00",
        "/templates/%00",
        f"/suppressions?cursor={HUGE}",
        "/campaigns/%00",
        "/campaigns?status=%00",
        f"/campaigns?page={HUGE}",
        "/webhooks/endpoints/%00/deliveries",
    ],
)
async def test_wrong_places_are_refused(client: httpx2.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert answer.status_code in (400, 404), answer.text
    assert answer.json()["statusCode"] == answer.status_code


@pytest.mark.parametrize("path", ["/suppressions/%00", "/suppressions/nobody", "/contacts/%00"])
async def test_nothing_unknown_is_deleted(client: httpx2.AsyncClient, path: str) -> None:
    assert (await client.delete(path)).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        [],
        "text",
        None,
        {"name": 7},
        {"name": NUL},
        {"name": "June", "subject": "a\nb"},
        {"name": "June", "subject": "{% bad %}"},
        {"name": "June", "audienceFilter": {"attributes": {"n": [1]}}},
        {"name": "June", "audienceFilter": {"attributes": {"n": None}}},
        {"name": "June", "audienceFilter": {"attributes": {NUL: 1}}},
        {"name": "June", "audienceFilter": {"attributes": {"": 1}}},
        {"name": "June", "audienceFilter": {"locale": ""}},
        {"name": "June", "audienceFilter": {"all": [{"field": "email"}]}},
        {"name": "June", "audiencefilter": {}},
        {"name": "June", "timezone": "../etc/passwd"},
        {"name": "June", "status": "SENT"},
    ],
)
async def test_wrong_campaigns_are_refused(client: httpx2.AsyncClient, body: Any) -> None:
    told = await made(await client.post("/campaigns", json=body), 400)
    assert told["statusCode"] == 400
    assert (await client.get("/campaigns")).json()["meta"]["total"] == 0


@pytest.mark.parametrize("number", ["1e999", "NaN", "-Infinity", str(HUGE)])
@pytest.mark.parametrize("path", ["/campaigns", "/contacts"])
async def test_numbers_that_cannot_be_kept_are_refused(
    client: httpx2.AsyncClient, path: str, number: str
) -> None:
    attributes = f'"attributes": {{"n": {number}}}'
    body, method = f'{{"name": "June", "audienceFilter": {{{attributes}}}}}', "POST"
    if path == "/contacts":
        body, method = f'{{"email": "a@example.com", {attributes}}}', "PUT"
    headers = {"Content-Type": "application/json"}
    answer = await client.request(method, path, content=body, headers=headers)
    await made(answer, 400)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"scheduledAt": 1_900_000_000},
        {"scheduledAt": "2099-13-01T00:00:00Z"},
        {"scheduledAt": "0001-01-01T00:00:00+14:00"},
        {"scheduledAt": "9999-12-31T23:59:59-14:00"},
        {"scheduledAt": None},
        {"scheduledAt": "2099-07-01T09:00:00"},
    ],
)
async def test_wrong_times_are_refused(client: httpx2.AsyncClient, body: dict[str, Any]) -> None:
    campaign = await create(client)
    path = f"/campaigns/{campaign['id']}"
    told = await made(await client.post(f"{path}/schedule", json=body), 400)
    assert told["message"].startswith("scheduledAt: ")
    assert await made(await client.get(path), 200) == campaign
