"""Opens and clicks: taken in memory, written in batches, counted as people and as times.

A pixel must answer in microseconds, so a hit goes into a buffer that is written every quarter of a
second, at 500 hits, and at shutdown. A process that is killed loses at most that quarter second of
opens; unsubscribes never come this way.

Decisions: a click implies an open (who clicked has read, whether or not images were shown), and the
open it implies is an event of its own, so that counts always equal events. Hits of a row that does
not exist, such as those of an erased recipient, are dropped in silence. Machines are counted like
people and labelled (`domain.hit_verdict`): leaving them out is the reader's choice.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from mailwright.services import webhook_events
from mailwright.services.runtime import Runtime
from mailwright.store import tracking as store
from mailwright.store.database import Connection
from mailwright.store.tracking import EventRow, LinkKey, MessageKey, MessageTimes

log = structlog.get_logger()

FLUSH_SECONDS = 0.25
FLUSH_HITS = 500
BUFFER_MAX = 100_000  # ten minutes of a busy night without a database; about 50 MB
RETRY_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Hit:
    """One fetch of a pixel (`link_number` None), or one followed link."""

    tenant_id: int
    message_id: int
    at: datetime
    data: Mapping[str, object]
    link_number: int | None = None

    @property
    def message(self) -> MessageKey:
        """The ledger row it is about."""
        return self.tenant_id, self.message_id


class TrackingBuffer:
    """Takes hits at once and writes them soon. `close()` writes the rest."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._hits: list[Hit] = []
        self._writer: asyncio.Task[None] | None = None
        self._hurry = asyncio.Event()
        self._closing = False

    def add(self, hit: Hit) -> None:
        """Takes a hit. When the database has been away for long, new ones are dropped."""
        if len(self._hits) >= BUFFER_MAX:
            return
        self._hits.append(hit)
        if len(self._hits) >= FLUSH_HITS:
            self._hurry.set()
        if self._writer is None:
            self._writer = asyncio.create_task(self._write_soon())

    async def close(self) -> None:
        """Writes what is left; one try, because the process is about to end."""
        self._closing = True
        self._hurry.set()
        if self._writer is not None:
            await self._writer

    async def _write_soon(self) -> None:
        try:
            while self._hits:
                await self._pause(FLUSH_SECONDS)
                taken, self._hits = self._hits[:FLUSH_HITS], self._hits[FLUSH_HITS:]
                await self._write(taken)
        finally:
            self._writer = None

    async def _write(self, taken: list[Hit]) -> None:
        try:
            await record_hits(self._runtime, taken)
        except Exception as error:  # opens are worth a retry, never a crash
            log.warning("tracking_write_failed", hits=len(taken), error=str(error))
            if not self._closing:
                self._hits = taken + self._hits
                await asyncio.sleep(RETRY_SECONDS)

    async def _pause(self, seconds: float) -> None:
        """Until the time is up or there is enough to write."""
        if self._closing or len(self._hits) >= FLUSH_HITS:
            return
        self._hurry.clear()
        try:
            await asyncio.wait_for(self._hurry.wait(), seconds)
        except TimeoutError:
            return


async def record_hits(runtime: Runtime, hits: Sequence[Hit]) -> None:
    """Writes `hits` in one transaction: all of them, or none and it raises."""
    async with runtime.database.raw() as connection, connection.transaction():
        known = await store.messages(connection, {hit.message for hit in hits})
        batch = _Batch([hit for hit in hits if hit.message in known])
        if batch.hits:
            known |= await store.messages(connection, batch.firsts_wanted(known), lock=True)
            await batch.write(connection, known)


@dataclass(slots=True)
class _Batch:
    """The hits of known messages, and what they add up to."""

    hits: list[Hit]
    events: list[EventRow] = field(default_factory=list[EventRow])
    firsts: dict[MessageKey, tuple[datetime | None, datetime | None]] = field(
        default_factory=dict[MessageKey, tuple[datetime | None, datetime | None]]
    )
    counts: dict[MessageKey, Counter[str]] = field(default_factory=dict[MessageKey, Counter[str]])

    def firsts_wanted(self, known: Mapping[MessageKey, MessageTimes]) -> set[MessageKey]:
        """Rows that this batch may have to write; the others need no lock."""
        return {
            hit.message
            for hit in self.hits
            if known[hit.message].opened_at is None
            or (hit.link_number is not None and known[hit.message].clicked_at is None)
        }

    async def write(self, connection: Connection, known: Mapping[MessageKey, MessageTimes]) -> None:
        for hit in self.hits:
            if hit.link_number is None:
                self._take_open(hit, known[hit.message])
            else:
                self._take_click(hit, known[hit.message])
        await store.add_events(connection, self.events)
        await webhook_events.emit_hits(connection, self.events)
        if self.firsts:
            await store.set_first_times(connection, self.firsts)
        await self._write_clicks(connection, known)
        await store.add_counts(
            connection,
            {
                key: (c["opened"], c["opens"], c["clicked"], c["clicks"])
                for key, c in self.counts.items()
            },
        )

    def _take_open(self, hit: Hit, row: MessageTimes) -> None:
        self._tell("opened", hit, row, hit.data)
        self._count(hit, row, "opens")
        opened, clicked = self.firsts.get(hit.message, (None, None))
        if row.opened_at is None and opened is None:
            self.firsts[hit.message] = (hit.at, clicked)
            self._count(hit, row, "opened")

    def _take_click(self, hit: Hit, row: MessageTimes) -> None:
        opened, clicked = self.firsts.get(hit.message, (None, None))
        if row.opened_at is None and opened is None:
            implied = Hit(
                hit.tenant_id, hit.message_id, hit.at, {**hit.data, "implied_by": "click"}
            )
            self._take_open(implied, row)
        self._tell("clicked", hit, row, {**hit.data, "link": hit.link_number})
        self._count(hit, row, "clicks")
        if row.clicked_at is None and clicked is None:
            opened, _ = self.firsts.get(hit.message, (None, None))
            self.firsts[hit.message] = (opened, hit.at)
            self._count(hit, row, "clicked")

    def _tell(self, kind: str, hit: Hit, row: MessageTimes, data: Mapping[str, object]) -> None:
        self.events.append(
            EventRow(
                hit.tenant_id,
                hit.at,
                kind,
                hit.message_id,
                row.campaign_id,
                row.contact_id,
                data,
            )
        )

    def _count(self, hit: Hit, row: MessageTimes, what: str) -> None:
        if row.campaign_id is not None:
            self.counts.setdefault((hit.tenant_id, row.campaign_id), Counter())[what] += 1

    async def _write_clicks(
        self, connection: Connection, known: Mapping[MessageKey, MessageTimes]
    ) -> None:
        clicks = self._clicks()
        if not clicks:
            return
        first = await store.add_message_clicks(connection, clicks)
        links: dict[LinkKey, tuple[int, int]] = {}
        for (tenant_id, message_id, number), (_, times) in clicks.items():
            campaign_id = known[tenant_id, message_id].campaign_id
            if campaign_id is not None:
                key = (tenant_id, campaign_id, number)
                had_times, had_people = links.get(key, (0, 0))
                is_first = (tenant_id, message_id, number) in first
                links[key] = (had_times + times, had_people + is_first)
        await store.add_link_clicks(connection, links)

    def _clicks(self) -> dict[LinkKey, tuple[datetime, int]]:
        clicks: dict[LinkKey, tuple[datetime, int]] = {}
        for hit in self.hits:
            if hit.link_number is not None:
                key = (hit.tenant_id, hit.message_id, hit.link_number)
                at, times = clicks.get(key, (hit.at, 0))
                clicks[key] = (min(at, hit.at), times + 1)
        return clicks
