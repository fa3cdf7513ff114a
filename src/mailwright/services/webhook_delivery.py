"""Delivering events to an endpoint, a chunk at a time.

A delivery is leased and its attempt counted before anything is sent, and its outcome is written
afterwards: killed in between, it is sent again when the lease is over, under the same id. So every
event arrives at least once; the order is not promised.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from uuid import UUID

import structlog

from mailwright.domain.webhook_event import DeliveryState, WebhookDialect
from mailwright.domain.webhook_request import FORMS, Form, Telling
from mailwright.services.runtime import Runtime
from mailwright.store import webhook_deliveries as store
from mailwright.store import webhooks
from mailwright.store.rows import Row
from mailwright.store.webhook_deliveries import Attempted
from mailwright.wire.http_client import CONNECTIONS_MAX, Answer, FetchFailed, HttpClient

log = structlog.get_logger()

CHUNK = CONNECTIONS_MAX  # all at once, so a chunk lasts as long as its slowest answer
CHUNK_SECONDS = 2.0  # over which a chunk is spread for an endpoint with a limit
LEASE = timedelta(seconds=30)  # longer than any answer is waited for
STOP_SECONDS = 3.0  # what answers get to come in when the process stops
LOG_KEPT = timedelta(days=30)
FORGOTTEN_AT_ONCE = 5_000
RESPONSE_BYTES_MAX = 1024
ERROR_CHARACTERS_MAX = 500

_PERIOD_SECONDS = {"second": 1.0, "minute": 60.0}
_GONE = 410  # RFC 9110 section 15.5.11: it was there, and will not be again


@dataclass(frozen=True, slots=True)
class _Endpoint:
    """Where to, in which form, and who signs."""

    tenant_id: int
    id: int
    tenant_uuid: UUID
    url: str
    form: Form
    interval_seconds: float  # between two requests, where its owner set a limit
    secrets: tuple[str, ...] = field(repr=False)


def client(runtime: Runtime) -> HttpClient:
    """The guarded client with this installation's rule about private targets."""
    return HttpClient(allow_private=runtime.settings.allow_private_targets == "on")


async def deliver_chunk(
    runtime: Runtime, client: HttpClient, tenant_id: int, endpoint_id: int, *, stop: asyncio.Event
) -> bool:
    """Tries what is due; False: there is no more, or the endpoint is gone or disabled.

    Returns soon after `stop`; deliveries without an answer by then are tried again.
    """
    now = runtime.now()
    async with runtime.database.transaction() as connection:
        row = await webhooks.to_call(connection, tenant_id, endpoint_id)
        if row is None:
            return False
        endpoint = _endpoint(runtime, row, now)
        limit = _chunk_of(endpoint)
        claimed = await store.claim(
            connection, tenant_id, endpoint_id, now=now, until=now + LEASE, limit=limit
        )
    if claimed:
        await _record(
            runtime, endpoint, await _attempt_all(runtime, client, endpoint, claimed, stop)
        )
    is_more = len(claimed) == limit
    if is_more and endpoint.interval_seconds:
        await _pause(endpoint.interval_seconds, stop)
    return is_more


async def forget_old(runtime: Runtime, tenant_id: int, endpoint_id: int) -> None:
    """Deletes some of what the endpoint's log has kept for longer than 30 days."""
    async with runtime.database.transaction() as connection:
        await store.forget(
            connection,
            tenant_id,
            endpoint_id,
            before=runtime.now() - LOG_KEPT,
            limit=FORGOTTEN_AT_ONCE,
        )


async def _attempt_all(
    runtime: Runtime,
    client: HttpClient,
    endpoint: _Endpoint,
    claimed: Sequence[Row],
    stop: asyncio.Event,
) -> list[Attempted]:
    """How each went; those without an answer when the process stops are left out."""
    tasks = [
        asyncio.create_task(
            _attempt(runtime, client, endpoint, row, number * endpoint.interval_seconds)
        )
        for number, row in enumerate(claimed)
    ]
    finished = asyncio.create_task(asyncio.wait(tasks))
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait((finished, stopping), return_when=asyncio.FIRST_COMPLETED)
        done, _ = await asyncio.wait(tasks, timeout=STOP_SECONDS)
        return [task.result() for task in done]
    finally:
        for task in (*tasks, finished, stopping):
            task.cancel()


def _interval_seconds(row: Row) -> float:
    if row["rate_limit"] is None:
        return 0.0
    return _PERIOD_SECONDS[row["rate_limit_period"] or "second"] / row["rate_limit"]


def _chunk_of(endpoint: _Endpoint) -> int:
    """How many to take at once: what a limit lets through in two seconds, and at least one."""
    if not endpoint.interval_seconds:
        return CHUNK
    return max(1, min(CHUNK, int(CHUNK_SECONDS / endpoint.interval_seconds)))


async def _pause(seconds: float, stop: asyncio.Event) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), timeout=seconds)


async def _attempt(
    runtime: Runtime, client: HttpClient, endpoint: _Endpoint, row: Row, wait_seconds: float
) -> Attempted:
    await asyncio.sleep(wait_seconds)
    telling = Telling(
        event_uuid=row["event_uuid"],
        delivery_uuid=row["uuid"],
        tenant_uuid=endpoint.tenant_uuid,
        type=row["type"],
        at=row["created_at"],
        data=row["payload"],
        tenant_id=endpoint.tenant_id,
    )
    request = endpoint.form.request(telling, endpoint.secrets, runtime.now())
    try:
        answer = await client.fetch(
            "POST",
            endpoint.url,
            timeout_seconds=endpoint.form.timeout_seconds,
            bytes_max=RESPONSE_BYTES_MAX,
            headers=request.headers,
            body=request.body,
        )
    except FetchFailed as failure:
        return _failed(runtime, endpoint, row, str(failure))
    if 200 <= answer.status <= 299:
        return _delivered(runtime, row, answer)
    return _failed(runtime, endpoint, row, f"It answered {answer.status}.", answer)


def _delivered(runtime: Runtime, row: Row, answer: Answer) -> Attempted:
    return Attempted(
        row["id"],
        row["attempt"],
        DeliveryState.DELIVERED,
        status_code=answer.status,
        response=_excerpt(answer),
        error=None,
        next_attempt_at=None,
        delivered_at=runtime.now(),
    )


def _failed(
    runtime: Runtime, endpoint: _Endpoint, row: Row, error: str, answer: Answer | None = None
) -> Attempted:
    """Tried again by the plan of the dialect, or given up when that is at its end."""
    now = runtime.now()
    wait = None
    if answer is None or answer.status != _GONE:
        asked = _retry_after(answer.headers, now) if answer is not None else None
        wait = endpoint.form.wait_after(row["attempt"], random.random(), asked)  # noqa: S311
    return Attempted(
        row["id"],
        row["attempt"],
        DeliveryState.DEAD if wait is None else DeliveryState.PENDING,
        status_code=answer.status if answer is not None else None,
        response=_excerpt(answer) if answer is not None else None,
        error=error[:ERROR_CHARACTERS_MAX].replace("\0", ""),
        next_attempt_at=None if wait is None else now + wait,
        delivered_at=None,
    )


def _excerpt(answer: Answer) -> str:
    """The beginning of the answer as text that can be stored."""
    return answer.body.decode("utf-8", "replace").replace("\0", "")


def _retry_after(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """What the receiver asks for (RFC 9110 section 10.2.3): seconds, or a date."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit() and len(text) <= len("86400000"):
        return timedelta(seconds=int(text))
    with suppress(ValueError, TypeError):  # no date, or one without a zone
        return parsedate_to_datetime(text) - now
    return None


async def _record(runtime: Runtime, endpoint: _Endpoint, attempted: Sequence[Attempted]) -> None:
    async with runtime.database.raw() as connection:
        await store.record(connection, endpoint.tenant_id, attempted)
    if any(one.status_code == _GONE for one in attempted):
        async with runtime.database.transaction() as connection:
            await webhooks.disable(connection, endpoint.tenant_id, endpoint.id, "gone")
        log.warning("webhook_endpoint_gone", endpoint_id=endpoint.id)


def _endpoint(runtime: Runtime, row: Row, now: datetime) -> _Endpoint:
    sealed = [row["secret_sealed"]]
    if row["previous_secret_until"] is not None and now < row["previous_secret_until"]:
        sealed.append(row["previous_secret_sealed"])
    return _Endpoint(
        tenant_id=row["tenant_id"],
        id=row["id"],
        tenant_uuid=row["tenant_uuid"],
        url=row["url"],
        form=FORMS[WebhookDialect(row["dialect"])],
        interval_seconds=_interval_seconds(row),
        secrets=tuple(map(runtime.keys.unseal, sealed)),
    )
