"""Every refusal has Cakemail's form and says what was wrong (vendors.md 1.4)."""

from __future__ import annotations

import httpx2
import pytest

from mailwright.dialects.cakemail.unserved import UNSERVED
from tests.builders import MadeTenant
from tests.dialects.cakemail.conftest import ClientAs
from tests.dialects.cakemail.document import assert_answer, operations

UNSERVED_OPERATIONS = [one for found in UNSERVED.values() for one in found]


@pytest.mark.checklist("E06")
@pytest.mark.parametrize("given", ["", "Bearer nonsense", "Basic YTpi", "Bearer mw_live_x"])
async def test_a_call_without_a_good_token_is_refused(
    stranger: httpx2.AsyncClient, given: str
) -> None:
    answer = await stranger.get("/lists", headers={"Authorization": given})
    told = assert_answer("/lists", answer, 401)
    assert told["detail"][0]["type"] == "unauthorized"
    assert told["detail"][0]["code"] == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert "nonsense" not in answer.text
    assert "access-control-allow-origin" not in answer.headers


async def test_a_missing_right_is_named(client_as: ClientAs, tenant: MadeTenant) -> None:
    told = assert_answer(
        "/lists", await (await client_as(tenant, "emails:read")).get("/lists"), 403
    )
    assert told["detail"][0] == {"code": 403, "msg": told["message"], "type": "forbidden"}
    assert "lists:read" in told["message"]


async def test_unknown_routes_and_methods_are_refused_in_form(client: httpx2.AsyncClient) -> None:
    for answer, status in (
        (await client.get("/nowhere"), 404),
        (await client.put("/lists", json={}), 405),
    ):
        assert answer.status_code == status
        told = answer.json()
        assert told["detail"][0]["msg"] == told["message"]
        assert "/cakemail/" in told["message"]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("filter=colour==red", "There is no term colour here; one of: status, name."),
        ("filter=name", "Write term==value, not name."),
        ("sort=-colour", "There is no term colour here"),
    ],
)
async def test_unknown_terms_are_named(client: httpx2.AsyncClient, query: str, words: str) -> None:
    told = assert_answer("/lists", await client.get(f"/lists?{query}"), 400)
    assert words in told["message"]
    assert told["detail"][0]["loc"] == ["query", query.partition("=")[0]]


@pytest.mark.parametrize("query", ["page=0", "per_page=0", "page=x", "with_count=perhaps"])
async def test_a_wrong_parameter_is_named(client: httpx2.AsyncClient, query: str) -> None:
    told = assert_answer("/lists", await client.get(f"/lists?{query}"), 422)
    assert told["detail"][0]["loc"] == ["query", query.partition("=")[0]]


async def test_what_mailwright_has_no_feature_for_says_so(client: httpx2.AsyncClient) -> None:
    told = assert_answer("/workflows", await client.post("/workflows"), 501)
    assert told["detail"][0]["type"] == "not_implemented"
    assert told["message"] == "Mailwright has no workflows."


def test_what_is_not_offered_is_in_the_vendors_document() -> None:
    assert len(UNSERVED_OPERATIONS) == len(set(UNSERVED_OPERATIONS))
    assert not set(UNSERVED_OPERATIONS) - set(operations())
