"""`/api-keys`: shown once, revoked at once."""

from __future__ import annotations

from datetime import datetime, timedelta

import httpx2
import pytest

from mailwright.store.database import Database
from tests.api.conftest import ApiAs
from tests.builders import MadeTenant, make_campaign
from tests.clock import Clock


@pytest.mark.checklist("SEC-11")
async def test_a_key_is_shown_once_works_and_is_revoked(api: httpx2.AsyncClient) -> None:
    made = await api.post("/api-keys", json={"name": "script", "scopes": ["lists:read"]})
    assert made.status_code == 201
    key, uuid = made.json()["data"]["key"], made.json()["data"]["uuid"]
    headers = {"Authorization": f"Bearer {key}"}
    assert (await api.get("/lists", headers=headers)).status_code == 200
    assert (await api.get("/account", headers=headers)).status_code == 403
    assert key not in (await api.get("/api-keys")).text
    assert "key" not in (await api.get(f"/api-keys/{uuid}")).json()["data"]
    assert (await api.delete(f"/api-keys/{uuid}")).status_code == 204
    assert (await api.get("/lists", headers=headers)).status_code == 401


async def test_nobody_gives_away_more_than_their_own_rights(
    api_as: ApiAs, tenant: MadeTenant
) -> None:
    limited = await api_as(tenant, "api-keys:write", "lists:read")
    refused = await limited.post("/api-keys", json={"name": "more", "scopes": ["*"]})
    assert refused.status_code == 403
    allowed = await limited.post("/api-keys", json={"name": "same", "scopes": ["lists:read"]})
    assert allowed.status_code == 201


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "x", "scopes": []}, "scopes"),
        ({"name": "x", "scopes": ["everything"]}, "scopes"),
        ({"name": "x"}, "scopes"),
        ({"name": "", "scopes": ["*"]}, "name"),
        ({"name": "x", "scopes": ["*"], "expires_at": "2001-01-01T00:00:00Z"}, "expires_at"),
        ({"name": "x", "scopes": ["*"], "expires_at": "2101-01-01T00:00:00"}, "expires_at"),
    ],
)
async def test_a_key_that_makes_no_sense_is_refused_by_field(
    api: httpx2.AsyncClient, body: dict[str, object], field: str
) -> None:
    answer = await api.post("/api-keys", json=body)
    assert answer.status_code == 422
    assert list(answer.json()["error"]["details"]) == [field]


async def test_a_key_shows_its_prefix_scopes_expiry_and_last_use(
    api: httpx2.AsyncClient, clock: Clock
) -> None:
    expires_at = (clock() + timedelta(hours=1)).replace(microsecond=0).isoformat()
    body = {"name": "script", "scopes": ["lists:read"], "expires_at": expires_at, "sandbox": True}
    made = (await api.post("/api-keys", json=body)).json()["data"]
    headers = {"Authorization": f"Bearer {made['key']}"}
    path = f"/api-keys/{made['uuid']}"
    assert (await api.get(path)).json()["data"]["last_used_at"] is None
    assert (await api.get("/lists", headers=headers)).status_code == 200
    shown = (await api.get(path)).json()["data"]
    assert made["key"].startswith(shown["prefix"])
    assert shown["prefix"].startswith("mw_test_")
    assert (shown["scopes"], shown["sandbox"]) == (["lists:read"], True)
    assert shown["last_used_at"] is not None
    assert datetime.fromisoformat(shown["expires_at"]) == datetime.fromisoformat(expires_at)
    clock.advance(hours=2)
    expired = await api.get("/lists", headers=headers)
    assert (expired.status_code, expired.json()["error"]["code"]) == (401, "UNAUTHENTICATED")


@pytest.mark.checklist("M03", "M04", "M05", "M06")
async def test_reading_and_writing_campaigns_are_two_scopes(
    api_as: ApiAs, database: Database, tenant: MadeTenant
) -> None:
    path = f"/campaigns/{(await make_campaign(database, tenant.id)).uuid}"
    reading = [("GET", "/campaigns"), ("GET", path), ("GET", f"{path}/report")]
    writing = [
        ("POST", "/campaigns"),
        ("PATCH", path),
        ("POST", f"{path}/test"),
        ("POST", f"{path}/schedule"),
        ("POST", f"{path}/send"),
        ("POST", f"{path}/cancel"),
    ]
    bodies = {
        "/campaigns": {"name": "New"},
        path: {"name": "Newer"},
        f"{path}/test": {"email": "a@example.com"},
        f"{path}/schedule": {"scheduled_at": "2099-05-01T18:00:00Z"},
    }
    for held, allowed, refused in (
        ("campaigns:read", reading, writing),
        ("campaigns:write", writing, reading),
    ):
        api = await api_as(tenant, held)
        for method, url in allowed:
            body = bodies.get(url) if method != "GET" else None
            assert (await api.request(method, url, json=body)).status_code != 403, (held, url)
        for method, url in refused:
            body = bodies.get(url) if method != "GET" else None
            answer = await api.request(method, url, json=body)
            missing = "campaigns:write" if held == "campaigns:read" else "campaigns:read"
            assert answer.status_code == 403, (held, url)
            assert answer.json()["error"]["details"] == {"missing_scope": missing}
            assert missing in answer.json()["error"]["message"]
