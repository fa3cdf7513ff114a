"""`/webhooks`: endpoints, their secrets, their logs."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx2
import pytest
from fastapi import FastAPI

from mailwright.domain.webhook_event import EventType
from mailwright.services.caller import Caller
from mailwright.services.runtime import Runtime
from tests.api.conftest import ApiAs
from tests.builders import MadeTenant
from tests.clock import Clock
from tests.services.webhook_stage import open_to_loopback, webhook_stage
from tests.wire.http_receiver import receiving

HOOK = {"url": "https://shop.example/hooks/mail", "events": ["contact.unsubscribed"]}


async def _webhook(api: httpx2.AsyncClient, **fields: object) -> dict[str, Any]:
    answer = await api.post("/webhooks", json=HOOK | fields)
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]


async def test_a_webhook_is_made_read_changed_and_deleted(api: httpx2.AsyncClient) -> None:
    made = await _webhook(api, description="The shop")
    path = f"/webhooks/{made['uuid']}"
    secret = made.pop("secret")
    assert secret.startswith("whsec_")
    assert (await api.get(path)).json()["data"] == made
    assert made["events"] == ["contact.unsubscribed"]
    assert (made["enabled"], made["dialect"], made["description"]) == (True, "native", "The shop")
    changes = {"events": ["email.opened", "email.sent", "email.sent"], "enabled": False}
    changed = (await api.patch(path, json=changes)).json()["data"]
    assert (changed["events"], changed["enabled"]) == (["email.sent", "email.opened"], False)
    listed = (await api.get("/webhooks")).json()
    assert listed["data"] == [changed]
    assert listed["pagination"]["total"] == 1
    assert (await api.delete(path)).status_code == 204
    assert (await api.get(path)).status_code == 404
    assert (await api.delete(path)).status_code == 404


@pytest.mark.checklist("SEC-27")
async def test_a_secret_is_shown_once(api: httpx2.AsyncClient) -> None:
    own = "a secret of my own of forty-odd characters"
    made = await _webhook(api, secret=own)
    assert made["secret"] == own
    path = f"/webhooks/{made['uuid']}"
    rotated = (await api.post(f"{path}/rotate-secret", json={})).json()["data"]
    assert rotated["secret"] != own
    assert rotated["previous_secret_until"] is not None
    for answer in (await api.get(path), await api.get("/webhooks"), await api.patch(path, json={})):
        assert answer.status_code == 200
        assert "secret" not in answer.text.replace("previous_secret_until", "")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"url": "http://shop.example/"}, "url"),
        ({"url": "https://127.0.0.1/"}, "url"),
        ({"url": "https://169.254.169.254/latest"}, "url"),
        ({"url": "https://2130706433/"}, "url"),
        ({"url": "not a url"}, "url"),
        ({"url": "https://shop.example/" + "x" * 2100}, "url"),
        ({"events": []}, "events"),
        ({"events": ["email.eaten"]}, "events.0"),
        ({"events": ["list.created"], "dialect": "mailingcore"}, "events"),
        ({"secret": "short"}, "secret"),
        ({"secret": "whsec_" + "!" * 40}, "secret"),
        ({"dialect": "klingon"}, "dialect"),
        ({"colour": "red"}, "colour"),
    ],
)
@pytest.mark.checklist("SEC-15", "SEC-17")
async def test_what_cannot_be_is_refused_by_name(
    api: httpx2.AsyncClient, fields: dict[str, object], field: str
) -> None:
    answer = await api.post("/webhooks", json=HOOK | fields)
    assert answer.status_code == 422, answer.text
    error = answer.json()["error"]
    assert error["code"] == "VALIDATION_ERROR"
    assert list(error["details"]) == [field], error
    assert (await api.get("/webhooks")).json()["pagination"]["total"] == 0


async def test_a_change_is_judged_like_a_new_one(api: httpx2.AsyncClient) -> None:
    made = await _webhook(api)
    path = f"/webhooks/{made['uuid']}"
    wrong: list[dict[str, Any]] = [
        {"url": "https://10.0.0.1/"},
        {"events": []},
        {"secret": "x" * 40},
    ]
    for changes in wrong:
        assert (await api.patch(path, json=changes)).status_code == 422
    assert (await api.get(path)).json()["data"]["url"] == HOOK["url"]


async def test_each_right_has_its_scope(api_as: ApiAs, tenant: MadeTenant) -> None:
    writer = await api_as(tenant, "webhooks:write")
    reader = await api_as(tenant, "webhooks:read")
    made = await _webhook(writer)
    path = f"/webhooks/{made['uuid']}"
    for answer in (
        await writer.get(path),
        await writer.get(f"{path}/deliveries"),
        await reader.post("/webhooks", json=HOOK),
        await reader.delete(path),
        await reader.post(f"{path}/test"),
        await reader.post(f"{path}/rotate-secret", json={}),
    ):
        assert answer.status_code == 403
        assert answer.json()["error"]["details"]["missing_scope"].startswith("webhooks:")
    assert (await reader.get(path)).status_code == 200


@pytest.mark.checklist("SEC-10")
async def test_another_tenants_webhook_is_not_there(
    api: httpx2.AsyncClient, other_api: httpx2.AsyncClient
) -> None:
    made = await _webhook(api)
    theirs = await _webhook(other_api)
    path = f"/webhooks/{made['uuid']}"
    delivery = (await api.post(f"{path}/test")).json()["data"]
    mixed = f"/webhooks/{theirs['uuid']}/deliveries/{delivery['uuid']}"
    since = {"since": "2026-01-01T00:00:00Z", "until": "2036-01-01T00:00:00Z"}
    for answer in (
        await other_api.get(path),
        await other_api.patch(path, json={"enabled": False}),
        await other_api.delete(path),
        await other_api.post(f"{path}/test"),
        await other_api.post(f"{path}/rotate-secret", json={}),
        await other_api.get(f"{path}/deliveries"),
        await other_api.get(f"{path}/deliveries/{delivery['uuid']}"),
        await other_api.post(f"{path}/deliveries/{delivery['uuid']}/replay"),
        await other_api.post(f"{path}/replay", json=since),
        await other_api.get(mixed),
        await other_api.post(f"{mixed}/replay"),
    ):
        assert answer.status_code == 404, answer.request.url
    assert (await api.get(path)).json()["data"]["enabled"] is True


async def test_a_test_event_is_sent_read_in_the_log_and_replayed(
    runtime: Runtime, api: httpx2.AsyncClient, caller: Caller, clock: Clock
) -> None:
    async with webhook_stage(runtime, caller, EventType.EMAIL_SENT) as stage:
        path = f"/webhooks/{stage.webhook.uuid}"
        began = clock()
        answer = await api.post(f"{path}/test")
        assert answer.status_code == 202
        sent = answer.json()["data"]
        assert (sent["type"], sent["state"], sent["attempt"]) == ("webhook.test", "pending", 0)
        stage.receiver.answer(200, "thank you")
        await stage.deliver()
        one = f"{path}/deliveries/{sent['uuid']}"
        delivery = (await api.get(one)).json()["data"]
        assert (delivery["state"], delivery["status_code"]) == ("delivered", 200)
        assert delivery["response"] == "thank you"
        assert stage.receiver.requests[0].headers["webhook-id"] == delivery["event_id"]
        for query, total in (
            ("", 1),
            ("?state=delivered", 1),
            ("?state=dead", 0),
            ("?type=webhook.test", 1),
            ("?type=email.sent", 0),
        ):
            listed = (await api.get(f"{path}/deliveries{query}")).json()
            assert listed["pagination"]["total"] == total, query
        assert (await api.get(f"{path}/deliveries?state=lost")).status_code == 422

        again = await api.post(f"{one}/replay")
        assert (again.status_code, again.json()["data"]["state"]) == (202, "pending")
        twice = await api.post(f"{one}/replay")
        assert twice.json()["error"]["code"] == "WEBHOOK_DELIVERY_PENDING"
        await stage.deliver()
        clock.advance(seconds=1)
        chosen = {"since": began.isoformat(), "until": clock().isoformat()}
        answer = await api.post(f"{path}/replay", json=chosen | {"states": ["delivered"]})
        assert answer.json()["data"] == {"replayed": 1, "more": False}
        wrong: list[dict[str, Any]] = [
            {"states": ["pending"]},
            {"states": []},
            {"until": chosen["since"]},
        ]
        for fields in wrong:
            assert (await api.post(f"{path}/replay", json=chosen | fields)).status_code == 422


async def test_a_disabled_webhook_takes_no_tests(api: httpx2.AsyncClient) -> None:
    made = await _webhook(api)
    path = f"/webhooks/{made['uuid']}"
    await api.patch(path, json={"enabled": False})
    refused = await api.post(f"{path}/test")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "WEBHOOK_DISABLED")
    unknown = await api.post(f"{path}/deliveries/{uuid4()}/replay")
    assert unknown.json()["error"]["code"] == "WEBHOOK_DISABLED"


async def test_loopback_is_a_target_where_the_operator_says_so(
    runtime: Runtime, api: httpx2.AsyncClient, application: FastAPI
) -> None:
    async with receiving() as receiver:
        assert (await api.post("/webhooks", json=HOOK | {"url": receiver.url})).status_code == 422
        application.state.runtime = open_to_loopback(runtime)
        made = await _webhook(api, url=receiver.url)
        assert made["url"] == receiver.url
