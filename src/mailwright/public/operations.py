"""What operators' programs reach: `/readyz` and `/metrics` (Prometheus text)."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from mailwright.services import health
from mailwright.services.health import Numbers
from mailwright.services.runtime import Runtime


def operation_routes(runtime: Runtime) -> list[Route]:
    """The two routes."""

    async def ready(_: Request) -> Response:
        trouble = await health.trouble(runtime)
        return PlainTextResponse(trouble or "ready", 503 if trouble else 200)

    async def metrics(_: Request) -> Response:
        registry = CollectorRegistry()
        registry.register(_Snapshot(await health.numbers(runtime)))
        return Response(generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    return [Route("/readyz", ready), Route("/metrics", metrics)]


class _Snapshot(Collector):
    """The numbers of one moment, in Prometheus' families."""

    def __init__(self, numbers: Numbers) -> None:
        self._numbers = numbers

    def collect(self) -> Iterator[Metric]:
        numbers = self._numbers
        states = GaugeMetricFamily("mailwright_campaigns", "Campaigns by state.", labels=["state"])
        for state, count in numbers.campaigns.items():
            states.add_metric([state], count)
        yield states
        outcomes = CounterMetricFamily(
            "mailwright_messages", "Rows of campaigns by outcome.", labels=["outcome"]
        )
        for outcome, count in numbers.outcomes.items():
            outcomes.add_metric([outcome], count)
        yield outcomes
        yield GaugeMetricFamily(
            "mailwright_queued_messages", "Rows in unfinished batches.", numbers.queued
        )
        yield GaugeMetricFamily(
            "mailwright_leased_batches", "Batches in a worker's hands.", numbers.leased_batches
        )
        yield GaugeMetricFamily(
            "mailwright_waiting_retries", "Rows waiting for their next attempt.", numbers.retries
        )
        yield GaugeMetricFamily(
            "mailwright_waiting_single_mails", "Single mails that wait.", numbers.single_mails
        )
        yield GaugeMetricFamily(
            "mailwright_transport_outages", "Transports that refuse us now.", numbers.outages
        )
