"""`/account`: the caller's own."""

from __future__ import annotations

import httpx2
import pytest

from tests.api.conftest import ApiAs
from tests.builders import MadeTenant


async def test_the_account_is_read_and_changed(
    api: httpx2.AsyncClient, other_api: httpx2.AsyncClient, tenant: MadeTenant
) -> None:
    before = (await api.get("/account")).json()["data"]
    assert (before["uuid"], before["slug"], before["monthly_quota"]) == (
        str(tenant.uuid),
        "acme",
        None,
    )
    changes = {
        "name": "Acme Post",
        "postal_address": "1 High Street\nHarbour",
        "fallback_locale": "pt_br",
        "monthly_quota": 0,
    }
    after = (await api.patch("/account", json=changes)).json()["data"]
    quota = after.pop("quota")
    assert (quota["limit"], quota["used"], quota["warning"]) == (0, 0, True)
    del before["quota"]
    assert after == {**before, **changes, "fallback_locale": "pt-BR"}
    cleared = await api.patch("/account", json={"monthly_quota": None, "postal_address": None})
    assert cleared.json()["data"]["monthly_quota"] is None
    assert (await other_api.get("/account")).json()["data"]["name"] == "Globex"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", None),
        ("monthly_quota", -1),
        ("monthly_quota", "many"),
        ("fallback_locale", "english"),
        ("slug", "other"),
    ],
)
async def test_what_cannot_be_is_refused_by_name(
    api: httpx2.AsyncClient, field: str, value: object
) -> None:
    answer = await api.patch("/account", json={field: value})
    assert answer.status_code == 422
    assert list(answer.json()["error"]["details"]) == [field]


async def test_reading_does_not_imply_changing(api_as: ApiAs, tenant: MadeTenant) -> None:
    reader = await api_as(tenant, "account:read")
    assert (await reader.get("/account")).status_code == 200
    refused = await reader.patch("/account", json={"name": "Mine"})
    assert refused.status_code == 403
    assert refused.json()["error"]["details"] == {"missing_scope": "account:write"}
