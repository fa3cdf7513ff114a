"""Webhook endpoints through MailingCore's calls."""

from __future__ import annotations

import httpx2
import pytest

ENDPOINT = {"url": "https://shop.example/hooks", "events": ["contact.unsubscribed"]}
SECRET = "a secret of thirty-two characters or more"


@pytest.mark.checklist("M51", "X11")
async def test_an_endpoint_is_made_toggled_read_and_deleted(
    client: httpx2.AsyncClient, other_client: httpx2.AsyncClient
) -> None:
    made = await client.post("/webhooks/endpoints", json=ENDPOINT | {"secret": SECRET})
    assert made.status_code == 201, made.text
    told = made.json()
    assert told.pop("secret") == SECRET
    assert (await client.get("/webhooks/endpoints")).json()["data"] == [told]
    path = f"/webhooks/endpoints/{told['id']}"
    assert (await other_client.delete(path)).status_code == 404
    assert (await other_client.patch(f"{path}/toggle")).status_code == 404
    assert (await client.patch(f"{path}/toggle")).json()["enabled"] is False
    assert (await client.patch(f"{path}/toggle")).json()["enabled"] is True
    off = await client.patch(f"{path}/toggle", json={"enabled": False})
    assert off.json()["enabled"] is False
    await client.patch(f"{path}/toggle", json={"enabled": True})
    await client.put("/contacts", json={"email": "a@example.com"})
    await client.put("/contacts", json={"email": "a@example.com"})
    contact = (await client.get("/contacts")).json()["data"][0]
    await client.patch(f"/contacts/{contact['id']}", json={"optIn": False})
    (delivery,) = (await client.get(f"{path}/deliveries?limit=20")).json()["data"]
    assert delivery["event"] == "contact.unsubscribed"
    assert set(delivery) == {
        "id",
        "event",
        "payload",
        "statusCode",
        "responseBody",
        "attempt",
        "deliveredAt",
        "createdAt",
    }
    assert (await client.delete(path)).status_code == 204
    assert (await client.get(f"{path}/deliveries")).status_code == 404


async def test_a_secret_is_made_where_none_is_brought(client: httpx2.AsyncClient) -> None:
    made = await client.post("/webhooks/endpoints", json=ENDPOINT)
    assert len(made.json()["secret"]) >= 32
    short = await client.post("/webhooks/endpoints", json=ENDPOINT | {"secret": "short"})
    assert (short.status_code, short.json()["message"].partition(":")[0]) == (400, "secret")
    private = await client.post("/webhooks/endpoints", json=ENDPOINT | {"url": "http://127.0.0.1/"})
    assert (private.status_code, private.json()["message"].partition(":")[0]) == (400, "url")


@pytest.mark.parametrize("events", [["contact.created"], ["contact.unsubscribed", "x"], []])
async def test_words_that_mailingcore_has_not_are_refused(
    client: httpx2.AsyncClient, events: list[str]
) -> None:
    told = await client.post("/webhooks/endpoints", json=ENDPOINT | {"events": events})
    assert (told.status_code, told.json()["message"].startswith("events")) == (400, True)
    assert (await client.get("/webhooks/endpoints")).json()["data"] == []
