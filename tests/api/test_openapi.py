"""The API describes itself: every route, with what it takes, answers and refuses."""

from __future__ import annotations

import httpx2
import pytest
from fastapi import FastAPI

from mailwright.api.problems import CODES
from mailwright.domain.campaign_lifecycle import REFUSALS
from tests.api.routes import every_route

SEED_ENDPOINTS = """\
GET /campaigns
POST /campaigns
GET /campaigns/{campaign_uuid}
PATCH /campaigns/{campaign_uuid}
DELETE /campaigns/{campaign_uuid}
POST /campaigns/{campaign_uuid}/send
POST /campaigns/{campaign_uuid}/test
POST /campaigns/{campaign_uuid}/schedule
POST /campaigns/{campaign_uuid}/unschedule
POST /campaigns/{campaign_uuid}/cancel
GET /campaigns/{campaign_uuid}/contacts
GET /campaigns/{campaign_uuid}/recipients
GET /campaigns/{campaign_uuid}/link-clicks
"""


async def test_the_document_is_served_to_anybody(application: FastAPI) -> None:
    transport = httpx2.ASGITransport(application)
    async with httpx2.AsyncClient(transport=transport, base_url="http://mailwright.test") as client:
        answer = await client.get("/openapi.json")
    assert answer.status_code == 200
    assert answer.json()["openapi"].startswith("3.")


@pytest.mark.checklist("Z01")
async def test_the_thirteen_endpoints_of_easymail_are_there(application: FastAPI) -> None:
    assert set(SEED_ENDPOINTS.splitlines()) <= {str(route) for route in every_route(application)}


async def test_every_route_says_what_it_does_takes_answers_and_refuses(
    application: FastAPI,
) -> None:
    for route in every_route(application):
        operation, responses = route.operation, route.operation["responses"]
        assert 5 < len(operation["summary"]) <= 100, (str(route), operation["summary"])
        assert operation["tags"], str(route)
        assert operation["security"], str(route)
        assert {"401", "403", "422", "429"} <= responses.keys(), str(route)
        if route.parameters:
            assert "404" in responses, str(route)
        (success,) = [status for status in responses if status.startswith("2")]
        if success != "204":
            (media,) = responses[success]["content"].items()
            assert media[0] != "application/json" or media[1]["schema"], str(route)
        assert route.body != {}, f"{route} shows no example of its body"


async def test_every_error_is_shown_with_its_codes(application: FastAPI) -> None:
    for route in every_route(application):
        for status, response in route.operation["responses"].items():
            if status.startswith("4"):
                content = response["content"]["application/json"]
                assert content["schema"]["$ref"].endswith("/ProblemAnswer"), (str(route), status)
                for code in content["examples"]:
                    assert CODES[code][0] == int(status)


async def test_every_refusal_of_the_lifecycle_is_documented() -> None:
    assert set(REFUSALS.values()) <= CODES.keys()
