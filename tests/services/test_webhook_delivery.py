"""Deliveries: signed, tried by a plan, never lost, given up in the end."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime

import pytest

from mailwright.domain.webhook_event import WebhookDialect
from mailwright.domain.webhook_signature import mailingcore_signature
from mailwright.errors import Conflict
from mailwright.services import webhook_delivery, webhook_log, webhooks
from mailwright.services.caller import Caller
from mailwright.services.runtime import Runtime
from mailwright.services.webhook_log import ReplayRange
from mailwright.store.webhook_deliveries import page as log_page
from tests.clock import Clock
from tests.services.webhook_stage import WebhookStage, verified, webhook_stage


async def _tell(stage: WebhookStage) -> None:
    await webhook_log.send_test(stage.runtime, stage.caller, stage.webhook.uuid)


@pytest.mark.checklist("SEC-17")
async def test_an_event_arrives_signed_with_its_id_and_time(
    runtime: Runtime, caller: Caller, clock: Clock
) -> None:
    async with webhook_stage(runtime, caller) as stage:
        await _tell(stage)
        await stage.deliver()
        [body] = stage.told()
        assert (body["type"], body["data"]) == ("webhook.test", {"message": "This is a test."})
        [received] = stage.receiver.requests
        assert received.headers["webhook-timestamp"] == str(int(clock().timestamp()))
        [row] = await stage.deliveries()
        assert received.headers["webhook-id"] == f"evt_{row['event_uuid'].hex}"
        assert (row["state"], row["attempt"], row["status_code"]) == ("delivered", 1, 204)
        assert row["delivered_at"] == clock()
        assert row["next_attempt_at"] is None


@pytest.mark.checklist("SEC-17")
async def test_for_a_day_after_a_rotation_both_secrets_sign(
    runtime: Runtime, caller: Caller, clock: Clock
) -> None:
    async with webhook_stage(runtime, caller) as stage:
        _, new = await webhooks.rotate_secret(stage.runtime, caller, stage.webhook.uuid)
        assert new != stage.secret
        await _tell(stage)
        await stage.deliver()
        clock.advance(hours=24)
        await _tell(stage)
        await stage.deliver()
        first, second = stage.receiver.requests
        assert verified(first, new) == verified(first, stage.secret)
        assert verified(second, new)
        with pytest.raises(AssertionError):
            verified(second, stage.secret)


@pytest.mark.checklist("X11")
async def test_mailingcores_dialect_has_its_headers_and_five_attempts(
    runtime: Runtime, caller: Caller, clock: Clock
) -> None:
    dialect = WebhookDialect.MAILINGCORE
    async with webhook_stage(runtime, caller, dialect=dialect) as stage:
        stage.receiver.answer(500)
        await _tell(stage)
        for _ in range(10):
            await stage.deliver()
            clock.advance(minutes=2)
        assert len(stage.receiver.requests) == 5
        [row] = await stage.deliveries()
        assert row["state"] == "dead"
        received = stage.receiver.requests[-1]
        stamp = int(received.headers["x-mailingcore-signature"].split(",")[0].removeprefix("t="))
        assert received.headers["x-mailingcore-signature"] == mailingcore_signature(
            [stage.secret], stamp, received.body
        )
        assert received.headers["x-mailingcore-event"] == "webhook.test"
        assert received.headers["x-mailingcore-delivery-id"] == str(row["uuid"])


async def test_what_fails_is_tried_by_the_plan_and_then_given_up(
    runtime: Runtime, caller: Caller, clock: Clock
) -> None:
    plan = [5, 300, 1800, *(hours * 3600 for hours in (2, 5, 10, 14, 20, 24))]
    async with webhook_stage(runtime, caller) as stage:
        stage.receiver.answer(503, "come back later")
        await _tell(stage)
        for number, nominal in enumerate(plan, start=1):
            await stage.deliver()
            [row] = await stage.deliveries()
            assert (row["state"], row["attempt"]) == ("pending", number)
            assert len(stage.receiver.requests) == number
            wait = (row["next_attempt_at"] - clock()).total_seconds()
            assert 0.8 * nominal <= wait <= 1.2 * nominal
            clock.advance(seconds=wait - 0.001)
            await stage.deliver()  # not a moment too soon
            assert len(stage.receiver.requests) == number
            clock.advance(seconds=0.001)
        await stage.deliver()
        [row] = await stage.deliveries()
        assert (row["state"], row["attempt"], row["next_attempt_at"]) == ("dead", 10, None)
        assert (row["status_code"], row["response"]) == (503, "come back later")
        clock.advance(days=30)
        await stage.deliver()
        assert len(stage.receiver.requests) == 10
        assert len({received.headers["webhook-id"] for received in stage.receiver.requests}) == 1
        assert all(stage.told())


@pytest.mark.parametrize("form", ["seconds", "date"])
async def test_a_receiver_may_ask_for_more_time(
    runtime: Runtime, caller: Caller, clock: Clock, form: str
) -> None:
    at = (clock() + timedelta(minutes=10)).replace(microsecond=0)
    async with webhook_stage(runtime, caller) as stage:
        asked = "600" if form == "seconds" else format_datetime(at, usegmt=True)
        stage.receiver.answer(429, retry_after=asked)
        await _tell(stage)
        await stage.deliver()
        [row] = await stage.deliveries()
        assert timedelta(seconds=598) <= row["next_attempt_at"] - clock() <= timedelta(minutes=10)


@pytest.mark.parametrize("words", ["soon", "-5", "Sat, 99 Nov", "9" * 400])
async def test_an_odd_retry_after_is_as_good_as_none(
    runtime: Runtime, caller: Caller, clock: Clock, words: str
) -> None:
    async with webhook_stage(runtime, caller) as stage:
        stage.receiver.answer(500, retry_after=words)
        await _tell(stage)
        await stage.deliver()
        [row] = await stage.deliveries()
        assert row["next_attempt_at"] - clock() <= timedelta(seconds=6)


async def test_gone_disables_the_endpoint_and_enabling_it_sends_what_waited(
    runtime: Runtime, caller: Caller
) -> None:
    async with webhook_stage(runtime, caller) as stage:
        for _ in range(20):  # the 17th and later are another chunk
            await _tell(stage)
        stage.receiver.answer(410)
        await stage.deliver()
        assert len(stage.receiver.requests) == 16
        view = await webhooks.get_webhook(stage.runtime, caller, stage.webhook.uuid)
        assert (view.enabled, view.disabled_reason) == (False, "gone")
        states = [row["state"] for row in await stage.deliveries()]
        assert (states.count("dead"), states.count("pending")) == (16, 4)
        with pytest.raises(Conflict, match="disabled"):
            await _tell(stage)
        await stage.deliver()
        assert len(stage.receiver.requests) == 16

        stage.receiver.answer(200)
        view = await webhooks.change_webhook(
            stage.runtime, caller, stage.webhook.uuid, {"enabled": True}
        )
        assert (view.enabled, view.disabled_reason) == (True, None)
        await stage.deliver()
        assert len(stage.receiver.requests) == 20


@pytest.mark.checklist("SEC-15")
@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_a_failure_and_not_followed(
    runtime: Runtime, caller: Caller, status: int
) -> None:
    async with webhook_stage(runtime, caller) as stage:
        stage.receiver.answer(status, location=stage.receiver.url)
        await _tell(stage)
        await stage.deliver()
        assert len(stage.receiver.requests) == 1
        [row] = await stage.deliveries()
        assert (row["state"], row["status_code"]) == ("pending", status)


@pytest.mark.checklist("SEC-15")
async def test_a_private_target_is_not_called_even_if_it_was_stored(
    runtime: Runtime, caller: Caller
) -> None:
    async with webhook_stage(runtime, caller) as stage:
        await _tell(stage)
        closed = replace(stage, runtime=runtime)  # the operator has closed the way since
        await closed.deliver()
        assert stage.receiver.requests == []
        [row] = await stage.deliveries()
        assert (row["state"], row["attempt"], row["status_code"]) == ("pending", 1, None)
        assert "https" in row["error"]


async def test_killed_in_mid_delivery_it_is_sent_again_under_the_same_id(
    runtime: Runtime, caller: Caller, clock: Clock
) -> None:
    async with webhook_stage(runtime, caller) as stage:
        await _tell(stage)
        go_on = stage.receiver.hang()
        killed = asyncio.create_task(stage.deliver())
        await stage.receiver.until(1)
        killed.cancel()
        with pytest.raises(asyncio.CancelledError):
            await killed
        go_on.set()
        await stage.deliver()
        assert len(stage.receiver.requests) == 1  # still leased to the dead one
        clock.advance(seconds=30)
        await stage.deliver()
        first, second = stage.receiver.requests
        assert first.headers["webhook-id"] == second.headers["webhook-id"]
        assert first.body == second.body
        [row] = await stage.deliveries()
        assert (row["state"], row["attempt"]) == ("delivered", 2)


async def test_who_comes_back_after_its_lease_does_not_undo_what_another_did(
    runtime: Runtime, caller: Caller, clock: Clock
) -> None:
    async with webhook_stage(runtime, caller) as stage:
        await _tell(stage)
        go_on = stage.receiver.hang()
        slow = asyncio.create_task(stage.deliver())
        await stage.receiver.until(1)
        clock.advance(seconds=30)
        stage.receiver.answer(500)
        await stage.deliver()
        [row] = await stage.deliveries()
        go_on.set()
        await slow
        assert await stage.deliveries() == [row]
        assert (row["state"], row["attempt"]) == ("pending", 2)


async def test_a_stopping_process_does_not_wait_for_a_slow_receiver(
    runtime: Runtime, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook_delivery, "STOP_SECONDS", 0.1)
    async with webhook_stage(runtime, caller) as stage:
        await _tell(stage)
        go_on = stage.receiver.hang()
        stop = asyncio.Event()
        work = asyncio.create_task(stage.deliver(stop))
        await stage.receiver.until(1)
        stop.set()
        async with asyncio.timeout(2):
            await work
        go_on.set()
        [row] = await stage.deliveries()
        assert (row["state"], row["attempt"]) == ("pending", 1)


async def test_no_more_than_sixteen_are_under_way_at_once(runtime: Runtime, caller: Caller) -> None:
    async with webhook_stage(runtime, caller) as stage:
        for _ in range(40):
            await _tell(stage)
        go_on = stage.receiver.hang()
        work = asyncio.create_task(stage.deliver())
        await stage.receiver.until(16)
        await asyncio.sleep(0.1)
        assert len(stage.receiver.requests) == 16
        go_on.set()
        await work
        assert len(stage.receiver.requests) == 40
        assert {row["state"] for row in await stage.deliveries()} == {"delivered"}


async def test_an_answer_is_kept_to_its_first_kilobyte_as_storable_text(
    runtime: Runtime, caller: Caller
) -> None:
    async with webhook_stage(runtime, caller) as stage:
        stage.receiver.answer(200, "no\0 " + "x" * 100_000)
        await _tell(stage)
        await stage.deliver()
        [row] = await stage.deliveries()
        assert row["response"].startswith("no xxx")
        assert len(row["response"]) <= 1024


async def test_a_delivery_is_replayed_under_the_same_id(runtime: Runtime, caller: Caller) -> None:
    async with webhook_stage(runtime, caller) as stage:
        await _tell(stage)
        [row] = await stage.deliveries()
        key = stage.runtime, caller, stage.webhook.uuid, row["uuid"]
        with pytest.raises(Conflict, match="on its way"):
            await webhook_log.replay_delivery(*key)
        await stage.deliver()
        again = await webhook_log.replay_delivery(*key)
        assert (again.state, again.attempt) == ("pending", 0)
        await stage.deliver()
        first, second = stage.receiver.requests
        assert first.headers["webhook-id"] == second.headers["webhook-id"] == again.event_id


async def test_a_range_replays_what_was_given_up_in_it(
    runtime: Runtime, caller: Caller, clock: Clock
) -> None:
    async with webhook_stage(runtime, caller) as stage:
        began = clock()
        for status in (410, 200, 410):  # 410: given up at once
            stage.receiver.answer(status)
            await webhooks.change_webhook(
                stage.runtime, caller, stage.webhook.uuid, {"enabled": True}
            )
            await _tell(stage)
            await stage.deliver()
            clock.advance(minutes=1)
        await webhooks.change_webhook(stage.runtime, caller, stage.webhook.uuid, {"enabled": True})
        key = stage.runtime, caller, stage.webhook.uuid
        minute = timedelta(minutes=1)
        none = await webhook_log.replay_deliveries(*key, ReplayRange(began - minute, began))
        first = await webhook_log.replay_deliveries(*key, ReplayRange(began, began + 2 * minute))
        assert (none.replayed, first.replayed, first.more) == (0, 1, False)
        both = ReplayRange(began, clock(), ("dead", "delivered"))
        assert (await webhook_log.replay_deliveries(*key, both)).replayed == 2
        stage.receiver.answer(200)
        await stage.deliver()
        assert {row["state"] for row in await stage.deliveries()} == {"delivered"}


async def test_the_log_forgets_after_thirty_days_but_not_what_waits(
    runtime: Runtime, caller: Caller, clock: Clock
) -> None:
    async with webhook_stage(runtime, caller) as stage:
        await _tell(stage)
        await stage.deliver()
        await _tell(stage)
        clock.advance(days=31)
        endpoint = await stage.endpoint()
        await webhook_delivery.forget_old(stage.runtime, endpoint["tenant_id"], endpoint["id"])
        assert [row["state"] for row in await stage.deliveries()] == ["pending"]


async def test_a_deleted_endpoint_takes_its_log_along(runtime: Runtime, caller: Caller) -> None:
    async with webhook_stage(runtime, caller) as stage:
        await _tell(stage)
        endpoint = await stage.endpoint()
        await webhooks.delete_webhook(stage.runtime, caller, stage.webhook.uuid)
        key = endpoint["tenant_id"], endpoint["id"]
        async with webhook_delivery.client(stage.runtime) as client:
            stop = asyncio.Event()
            assert not await webhook_delivery.deliver_chunk(stage.runtime, client, *key, stop=stop)
        async with stage.runtime.database.reading() as connection:
            found = await log_page(connection, *key, state=None, type_=None, limit=10, offset=0)
        assert found == ([], 0)
        assert stage.receiver.requests == []


async def test_a_limit_spreads_requests_over_the_second(runtime: Runtime, caller: Caller) -> None:
    async with webhook_stage(runtime, caller) as stage:
        limit: webhooks.WebhookChanges = {"rate_limit": 20, "rate_limit_period": "second"}
        await webhooks.change_webhook(stage.runtime, caller, stage.webhook.uuid, limit)
        for _ in range(5):
            await _tell(stage)
        started = time.monotonic()
        await stage.deliver()
        assert time.monotonic() - started >= 4 / 20
        assert len(stage.receiver.requests) == 5
