"""`/api-keys`: shown once, revoked at once."""

from __future__ import annotations

import httpx2
import pytest

from tests.api.conftest import ApiAs
from tests.builders import MadeTenant


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
