"""The lifecycle through the API: every state with every call, races, schedules, repeated calls."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import httpx2
import orjson
import pytest
from sqlalchemy import text

from mailwright.domain.doors import Door
from mailwright.services import campaign_transitions
from mailwright.services.caller import Caller
from mailwright.services.runtime import Runtime
from mailwright.store import campaigns as store
from mailwright.store.database import Database
from tests.api.campaign_stories import STATES, code, create, details, put_in, read, ready
from tests.api.conftest import ApiAs
from tests.builders import MadeTenant
from tests.clock import Clock

LATER = {"scheduled_at": "2099-05-01T18:00:00+02:00"}


#: Seed 003 word for word, with our `paused` beside it (design section 6): the calls that work in
#: a state, with the status afterwards; every other one is refused with its code.
WORKS: Mapping[str, Mapping[str, str]] = {
    "send": {"draft": "queued", "scheduled": "queued", "failed": "queued"},
    "schedule": {"draft": "scheduled", "scheduled": "scheduled", "failed": "scheduled"},
    "unschedule": {"scheduled": "draft"},
    "cancel": {"queued": "canceled", "sending": "canceled", "paused": "canceled"},
    "pause": {"queued": "paused", "sending": "paused"},
    "resume": {"paused": "queued"},
    "PATCH": {"draft": "draft", "scheduled": "scheduled", "failed": "failed"},
    "DELETE": {"draft": "gone", "sent": "gone", "failed": "gone", "canceled": "gone"},
}
CODES = {
    "send": "CAMPAIGN_NOT_SENDABLE",
    "schedule": "CAMPAIGN_NOT_SENDABLE",
    "unschedule": "CAMPAIGN_NOT_UNSCHEDULABLE",
    "cancel": "CAMPAIGN_NOT_CANCELABLE",
    "pause": "CAMPAIGN_NOT_PAUSABLE",
    "resume": "CAMPAIGN_NOT_RESUMABLE",
    "PATCH": "CAMPAIGN_NOT_EDITABLE",
    "DELETE": "CAMPAIGN_NOT_DELETABLE",
}


async def _call(api: httpx2.AsyncClient, path: str, call: str) -> httpx2.Response:
    if call.isupper():
        body = {"subject": "Changed"} if call == "PATCH" else None
        return await api.request(call, path, json=body)
    return await api.post(f"{path}/{call}", json=LATER if call == "schedule" else None)


@pytest.mark.checklist(
    "Z01", "Z04", "Z14", "Z15", "Z16", "Z17", "Z18", "Z19", "Z20", "Z22", "Z23", "Z24", "Z25", "Z27"
)
@pytest.mark.parametrize("state", STATES)
async def test_every_call_in_every_state(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant, state: str
) -> None:
    campaign = await ready(api, database, tenant)
    for call in WORKS:
        await put_in(database, campaign.uuid, state)
        answer = await _call(api, campaign.path, call)
        after = WORKS[call].get(state)
        if after is None:
            assert (answer.status_code, code(answer)) == (409, CODES[call]), (state, call)
            assert (await read(api, campaign.uuid))["status"] == state
            assert details(answer) == {"status": state, "allowed": sorted(WORKS[call])}
        elif after == "gone":
            assert answer.status_code == 204, (state, call)
            assert (await api.get(campaign.path)).status_code == 404
        else:
            assert answer.status_code == 200, (state, call, answer.text)
            assert answer.json()["data"]["status"] == after, (state, call)


@pytest.mark.checklist("Z21", "Z46")
async def test_what_is_not_ready_is_neither_sent_nor_scheduled(api: httpx2.AsyncClient) -> None:
    made = await create(api)
    missing = ["from_name", "sender_email", "subject", "content", "audience"]
    for call in ("send", "schedule"):
        answer = await _call(api, f"/campaigns/{made['uuid']}", call)
        assert (answer.status_code, code(answer)) == (422, "CAMPAIGN_NOT_READY")
        assert details(answer) == {"missing": missing}
    assert (await read(api, made["uuid"]))["status"] == "draft"


@pytest.mark.checklist("Z20", "Z21")
async def test_the_status_is_judged_before_readiness(
    api: httpx2.AsyncClient, database: Database
) -> None:
    made = await create(api)
    await put_in(database, made["uuid"], "sent")
    for call in ("send", "schedule"):
        answer = await _call(api, f"/campaigns/{made['uuid']}", call)
        assert (answer.status_code, code(answer)) == (409, "CAMPAIGN_NOT_SENDABLE")


@pytest.mark.checklist("Z42")
async def test_a_disabled_sender_keeps_a_campaign_from_leaving(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    campaign = await ready(api, database, tenant)
    await api.patch(f"/senders/{campaign.sender.uuid}", json={"enabled": False})
    answer = await api.post(f"{campaign.path}/send")
    assert details(answer)["missing"] == ["sender_email"]
    assert details(answer)["sender"]["code"] == "SENDER_DISABLED"


# --- What else a transition does


async def _jobs(database: Database) -> list[tuple[str, dict[str, Any]]]:
    async with database.reading() as connection:
        rows = await connection.execute(
            text("SELECT entrypoint, payload FROM jobs.pgqueuer ORDER BY id")
        )
        return [(row.entrypoint, orjson.loads(row.payload)) for row in rows]


@pytest.mark.checklist("Z28")
async def test_sending_enqueues_the_job_in_the_same_transaction(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    campaign = await ready(api, database, tenant)
    answer = await api.post(f"{campaign.path}/send")
    assert answer.json()["data"]["status"] == "queued"
    ((job, payload),) = await _jobs(database)
    assert (job, payload["tenant_id"]) == ("start_campaign", tenant.id)
    await api.post(f"{campaign.path}/cancel")
    assert [job for job, _ in await _jobs(database)] == ["start_campaign", "close_canceled"]


async def test_a_schedule_is_kept_moved_and_taken_back(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    campaign = await ready(api, database, tenant)
    first = await _call(api, campaign.path, "schedule")
    assert first.json()["data"]["scheduled_at"] == "2099-05-01T16:00:00Z"
    row = (await api.get("/campaigns")).json()["data"][0]
    assert row["scheduled_at"] == "2099-05-01T16:00:00Z"
    moved = await api.post(
        f"{campaign.path}/schedule", json={"scheduled_at": "2099-06-01T00:00:00Z"}
    )
    assert moved.json()["data"]["scheduled_at"] == "2099-06-01T00:00:00Z"
    jobs = await _jobs(database)
    assert [job for job, _ in jobs] == ["fire_schedule", "fire_schedule"]
    assert datetime.fromisoformat(jobs[1][1]["scheduled_at"]) == datetime(2099, 6, 1, tzinfo=UTC)
    back = (await api.post(f"{campaign.path}/unschedule")).json()["data"]
    assert (back["status"], back["scheduled_at"]) == ("draft", None)


async def test_sending_a_scheduled_campaign_now_forgets_the_schedule(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    campaign = await ready(api, database, tenant)
    await _call(api, campaign.path, "schedule")
    sent = (await api.post(f"{campaign.path}/send")).json()["data"]
    assert (sent["status"], sent["scheduled_at"]) == ("queued", None)


async def test_a_minute_ago_means_now_and_earlier_is_refused(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant, clock: Clock
) -> None:
    campaign = await ready(api, database, tenant)
    zone = timezone(timedelta(hours=-7))

    async def schedule(seconds_ago: int) -> httpx2.Response:
        when = (clock() - timedelta(seconds=seconds_ago)).astimezone(zone)
        return await api.post(f"{campaign.path}/schedule", json={"scheduled_at": when.isoformat()})

    refused = await schedule(61)
    assert (refused.status_code, list(details(refused))) == (422, ["scheduled_at"])
    assert (await read(api, campaign.uuid))["status"] == "draft"
    assert (await schedule(59)).json()["data"]["status"] == "scheduled"


@pytest.mark.parametrize(
    "moment", [None, "", "tomorrow", "2099-05-01T18:00:00", "2099-05-01", 4081334400, "4081334400"]
)
async def test_a_time_without_a_zone_is_no_time(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant, moment: object
) -> None:
    campaign = await ready(api, database, tenant)
    answer = await api.post(f"{campaign.path}/schedule", json={"scheduled_at": moment})
    assert (answer.status_code, list(details(answer))) == (422, ["scheduled_at"])


async def test_a_test_keys_campaign_goes_to_the_inbox(
    api: httpx2.AsyncClient, api_as: ApiAs, runtime: Runtime, database: Database, tenant: MadeTenant
) -> None:
    campaign = await ready(api, database, tenant)
    sandbox = await api_as(tenant, sandbox=True)
    await sandbox.post(f"{campaign.path}/send")
    async with database.reading() as connection:
        assert await connection.scalar(text("SELECT sandbox FROM campaigns")) is True


async def test_the_history_tells_who_when_and_through_which_door(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    campaign = await ready(api, database, tenant)
    for call in ("schedule", "unschedule", "send", "pause"):
        await _call(api, campaign.path, call)
    answer = (await api.get(f"{campaign.path}/history")).json()
    assert [step["event"] for step in answer["data"]] == ["pause", "send", "unschedule", "schedule"]
    newest = answer["data"][0]
    assert (newest["from_status"], newest["to_status"], newest["door"]) == (
        "queued",
        "paused",
        "api",
    )
    assert newest["actor"].startswith("key:")
    assert newest["reason"] == "requested"
    assert (await read(api, campaign.uuid))["status_reason"] == "requested"


# --- Races


@pytest.mark.checklist("Z26")
async def test_of_two_sends_at_once_one_wins(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    campaign = await ready(api, database, tenant)
    answers = await asyncio.gather(*(api.post(f"{campaign.path}/send") for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 7
    refused = {code(answer) for answer in answers if answer.status_code == 409}
    assert refused <= {"CAMPAIGN_TRANSITION_IN_PROGRESS", "CAMPAIGN_NOT_SENDABLE"}
    assert [job for job, _ in await _jobs(database)] == ["start_campaign"]
    assert (await api.get(f"{campaign.path}/history")).json()["pagination"]["total"] == 1


@pytest.mark.checklist("Z26")
async def test_while_a_transition_is_under_way_another_is_told_so(
    api: httpx2.AsyncClient,
    runtime: Runtime,
    database: Database,
    tenant: MadeTenant,
    caller: Caller,
) -> None:
    campaign = await ready(api, database, tenant)
    async with database.transaction() as held:
        campaign_id = await store.id_of(held, tenant.id, UUID(campaign.uuid))
        assert campaign_id is not None
        await campaign_transitions.take(held, caller, campaign_id)
        for call in ("send", "schedule", "unschedule", "cancel", "pause", "resume"):
            answer = await _call(api, campaign.path, call)
            assert code(answer) == "CAMPAIGN_TRANSITION_IN_PROGRESS", call
    assert (await api.post(f"{campaign.path}/send")).status_code == 200


async def test_a_change_cannot_slip_into_a_campaign_that_is_being_queued(
    api: httpx2.AsyncClient, runtime: Runtime, database: Database, tenant: MadeTenant
) -> None:
    campaign = await ready(api, database, tenant)
    somebody = Caller(tenant.id, "key:test", Door.API, frozenset({"*"}))
    async with database.transaction() as connection:
        campaign_id = await store.id_of(connection, tenant.id, UUID(campaign.uuid))
        assert campaign_id is not None
        await campaign_transitions.apply(
            connection, runtime, somebody, campaign_id, campaign_transitions.CampaignEvent.SEND
        )
        late = asyncio.create_task(api.patch(campaign.path, json={"subject": "Late"}))
        await asyncio.sleep(0.1)
        assert not late.done(), "it waits for the outcome"
    answer = await late
    assert code(answer) == "CAMPAIGN_NOT_EDITABLE"
    assert (await read(api, campaign.uuid))["subject"] == "News"


# --- Idempotency-Key


async def test_the_same_call_under_the_same_key_gets_the_same_answer(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    campaign = await ready(api, database, tenant)
    headers = {"Idempotency-Key": "may"}
    first = await api.post(f"{campaign.path}/send", headers=headers)
    await put_in(database, campaign.uuid, "sent")
    again = await api.post(f"{campaign.path}/send", headers=headers)
    assert (again.status_code, again.content) == (200, first.content)
    assert again.headers["content-type"] == first.headers["content-type"]
    plain = await api.post(f"{campaign.path}/send")
    assert code(plain) == "CAMPAIGN_NOT_SENDABLE"


async def test_a_key_is_for_one_request_only(
    api: httpx2.AsyncClient, other_api: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    campaign, other = (
        await ready(api, database, tenant),
        await ready(api, database, tenant),
    )
    headers = {"Idempotency-Key": "may"}
    path = f"{campaign.path}/schedule"
    assert (await api.post(path, json=LATER, headers=headers)).status_code == 200
    body = {"scheduled_at": "2099-07-01T00:00:00Z"}
    for call in (
        api.post(path, json=body, headers=headers),
        api.post(f"{other.path}/schedule", json=LATER, headers=headers),
        api.post(f"{campaign.path}/send", headers=headers),
    ):
        answer = await call
        assert (answer.status_code, code(answer)) == (409, "IDEMPOTENCY_KEY_REUSED")
    foreign = await other_api.post(path, json=LATER, headers=headers)
    assert foreign.status_code == 404, "another account's key of that name is another key"


async def test_of_concurrent_calls_under_one_key_one_is_carried_out(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    campaign = await ready(api, database, tenant)
    headers = {"Idempotency-Key": "may"}
    answers = await asyncio.gather(
        *(api.post(f"{campaign.path}/send", headers=headers) for _ in range(6))
    )
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert (await api.get(f"{campaign.path}/history")).json()["pagination"]["total"] == 1


async def test_a_refused_call_may_be_mended_under_its_key(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant
) -> None:
    campaign = await ready(api, database, tenant)
    headers = {"Idempotency-Key": "may"}
    await api.patch(campaign.path, json={"subject": None})
    refused = await api.post(f"{campaign.path}/send", headers=headers)
    assert code(refused) == "CAMPAIGN_NOT_READY"
    await api.patch(campaign.path, json={"subject": "News"})
    assert (await api.post(f"{campaign.path}/send", headers=headers)).status_code == 200


async def test_a_key_is_forgotten_after_a_day(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant, clock: Clock
) -> None:
    campaign = await ready(api, database, tenant)
    headers = {"Idempotency-Key": "may"}
    await api.post(f"{campaign.path}/send", headers=headers)
    clock.advance(hours=23, minutes=59)
    assert (await api.post(f"{campaign.path}/send", headers=headers)).status_code == 200
    clock.advance(minutes=2)
    late = await api.post(f"{campaign.path}/send", headers=headers)
    assert code(late) == "CAMPAIGN_NOT_SENDABLE"


async def test_a_call_whose_process_died_can_be_made_again(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant, clock: Clock
) -> None:
    campaign = await ready(api, database, tenant)
    async with database.transaction() as connection:
        await connection.execute(
            text(
                "INSERT INTO idempotency_keys (tenant_id, key, request_hash, created_at) "
                "VALUES (:tenant, 'may', ''::bytea, :then)"
            ),
            {"tenant": tenant.id, "then": clock() - timedelta(seconds=61)},
        )
    answer = await api.post(f"{campaign.path}/send", headers={"Idempotency-Key": "may"})
    assert answer.status_code == 200


@pytest.mark.parametrize("key", ["", "x" * 256])
async def test_a_key_that_is_none_is_refused(
    api: httpx2.AsyncClient, database: Database, tenant: MadeTenant, key: str
) -> None:
    campaign = await ready(api, database, tenant)
    answer = await api.post(f"{campaign.path}/send", headers={"Idempotency-Key": key})
    assert (answer.status_code, list(details(answer))) == (422, ["Idempotency-Key"])
