"""What became of a campaign, in figures that add up.

    audience  = sent + bounced_at_once + failed + deferred + queued + canceled + skipped
    delivered = sent - those that came back later
    bounced   = bounced_at_once + those that came back later

The figures come from batches, fan-out and counters: asking for them never reads the ledger, but for
the reasons of who was skipped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.services import campaigns
from mailwright.services.caller import Caller
from mailwright.services.paging import Page, Paged
from mailwright.services.runtime import Runtime
from mailwright.store import batches, campaign_counters, fan_outs, recipients
from mailwright.store.rows import Row

_COUNTS: Sequence[str] = batches.COUNTS
_NOTHING: Mapping[str, int] = dict.fromkeys(_COUNTS, 0)


@dataclass(frozen=True, slots=True)
class Report:
    """A campaign's figures; all count people but `opens` and `clicks`, which count times.

    `sent`: the next server accepted it; `delivered`: and it did not come back; `skipped`: by
    reason; `possibly_repeated`: mails whose outcome a crash hid; `rate`: mails a second.
    """

    status: str
    audience: int
    sent: int
    delivered: int
    opened: int
    opens: int
    clicked: int
    clicks: int
    bounced: int
    unsubscribed: int
    complained: int
    failed: int
    deferred: int
    queued: int
    canceled: int
    skipped: Mapping[str, int]
    possibly_repeated: int
    rate: float
    started_at: datetime | None
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class Stats:
    """The short figures of `include=stats`; rates are shares of `delivered`, from 0 to 1."""

    recipients: int
    sent: int
    delivered: int
    opened: int
    clicked: int
    bounced: int
    unsubscribed: int
    complained: int
    open_rate: float
    click_rate: float


@dataclass(frozen=True, slots=True)
class LinkClicks:
    """A link of a campaign's mails. `clicks`: times; `unique_clicks`: people."""

    uuid: UUID
    url: str
    clicks: int
    unique_clicks: int


async def get_report(runtime: Runtime, caller: Caller, campaign_uuid: UUID) -> Report:
    """The figures as of now; zeros before it was sent. Raises NotFound."""
    caller.require("campaigns:read")
    async with runtime.database.reading() as connection:
        row = await campaigns.existing(connection, caller, campaign_uuid)
        return await _report(connection, row, runtime.now())


async def get_stats(runtime: Runtime, caller: Caller, campaign_uuid: UUID) -> Stats:
    """The short figures as of now. Raises NotFound."""
    report = await get_report(runtime, caller, campaign_uuid)
    return Stats(
        recipients=report.audience - sum(report.skipped.values()),
        sent=report.sent,
        delivered=report.delivered,
        opened=report.opened,
        clicked=report.clicked,
        bounced=report.bounced,
        unsubscribed=report.unsubscribed,
        complained=report.complained,
        open_rate=_share(report.opened, report.delivered),
        click_rate=_share(report.clicked, report.delivered),
    )


async def page_link_clicks(
    runtime: Runtime, caller: Caller, campaign_uuid: UUID, page: Page
) -> Paged[LinkClicks]:
    """The campaign's links, most clicked first, those nobody clicked included."""
    caller.require("campaigns:read")
    async with runtime.database.reading() as connection:
        campaign_id = await campaigns.id_of(connection, caller, campaign_uuid)
        rows, total = await campaign_counters.page_of_links(
            connection, caller.tenant_id, campaign_id, limit=page.per_page, offset=page.offset
        )
    return Paged([LinkClicks(**row) for row in rows], total, page)


async def _report(connection: AsyncConnection, campaign: Row, now: datetime) -> Report:
    key = (connection, campaign["tenant_id"], campaign["id"])
    position = await fan_outs.get(*key)
    found = await batches.counts(connection, campaign["tenant_id"], [campaign["id"]])
    sums = found.get(campaign["id"], _NOTHING)
    done = {name: int(sums[name]) for name in _COUNTS}  # PostgreSQL adds bigints up as numeric
    people = await campaign_counters.get(*key)
    skipped: dict[str, int] = {}
    if position is not None and (position["skipped_count"] or done["skipped"]):
        skipped = await recipients.skipped_by_reason(*key)
    later = people["bounced_later"]
    waiting = position["queued_count"] if position is not None else 0
    outcomes = ("sent", "deferred", "bounced", "failed", "skipped", "canceled")
    return Report(
        status=campaign["state"],
        audience=position["audience_count"] if position is not None else 0,
        sent=done["sent"],
        delivered=done["sent"] - later,
        opened=people["opened"],
        opens=people["opens"],
        clicked=people["clicked"],
        clicks=people["clicks"],
        bounced=done["bounced"] + later,
        unsubscribed=people["unsubscribed"],
        complained=people["complained"],
        failed=done["failed"],
        deferred=done["deferred"],
        queued=waiting - sum(done[name] for name in outcomes),
        canceled=done["canceled"],
        skipped=skipped,
        possibly_repeated=done["possibly_repeated"],
        rate=_rate(campaign, done["sent"], now),
        started_at=campaign["started_at"],
        finished_at=campaign["finished_at"],
    )


def _rate(campaign: Row, sent: int, now: datetime) -> float:
    if campaign["started_at"] is None:
        return 0.0
    seconds = ((campaign["finished_at"] or now) - campaign["started_at"]).total_seconds()
    return round(sent / seconds, 1) if seconds > 0 else 0.0


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0
