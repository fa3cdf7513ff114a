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
from typing import Any
from uuid import UUID

from mailwright.errors import NotFound
from mailwright.services import campaigns
from mailwright.services.caller import Caller
from mailwright.services.paging import Page, Paged
from mailwright.services.runtime import Runtime
from mailwright.store import campaign_links, recipients
from mailwright.store import reports as store
from mailwright.store.rows import Row

_OUTCOMES = ("sent", "deferred", "bounced", "failed", "skipped", "canceled")


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
    auto_replies: int
    failed: int
    deferred: int
    queued: int
    canceled: int
    skipped: Mapping[str, int]
    possibly_repeated: int
    rate: float
    started_at: datetime | None
    finished_at: datetime | None


#: The columns of exported reports.
EXPORTED = (
    "campaign_uuid",
    "name",
    "status",
    "subject",
    "started_at",
    "finished_at",
    "audience",
    "sent",
    "delivered",
    "opened",
    "opens",
    "clicked",
    "clicks",
    "bounced",
    "unsubscribed",
    "complained",
    "failed",
    "deferred",
    "queued",
    "canceled",
    "skipped",
)
_NAMED = ("campaign_uuid", "name", "subject", "skipped")


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
    async with runtime.database.raw() as connection:
        figures = await store.figures(connection, caller.tenant_id, campaign_uuid)
    if figures is None:
        raise NotFound("There is no such campaign.")
    skipped: dict[str, int] = {}
    if figures["skipped_count"] or figures["skipped"]:
        async with runtime.database.reading() as connection:
            skipped = await recipients.skipped_by_reason(
                connection, caller.tenant_id, figures["id"]
            )
    return _report(figures, skipped, runtime.now())


async def get_implied_opens(runtime: Runtime, caller: Caller, campaign_uuid: UUID) -> int:
    """How many of the opens are known by a click only. Raises NotFound."""
    caller.require("campaigns:read")
    async with runtime.database.reading() as connection:
        campaign_id = await campaigns.id_of(connection, caller, campaign_uuid)
        return await store.implied_opens(connection, caller.tenant_id, campaign_id)


async def get_stats(runtime: Runtime, caller: Caller, campaign_uuid: UUID) -> Stats:
    """The short figures as of now. Raises NotFound."""
    report = await get_report(runtime, caller, campaign_uuid)
    return _stats(report, sum(report.skipped.values()))


async def stats_of(
    runtime: Runtime, caller: Caller, campaign_uuids: Sequence[UUID]
) -> Mapping[UUID, Stats]:
    """The short figures of several campaigns, such as those of a page, by their ids.

    Unknown ones, and those that have not begun, are left out.
    """
    caller.require("campaigns:read")
    async with runtime.database.reading() as connection:
        rows = await store.figures_of(connection, caller.tenant_id, campaign_uuids)
    return {
        row["uuid"]: _stats(_report(row, {}, runtime.now()), row["skipped_count"] + row["skipped"])
        for row in rows
        if row["started_at"] is not None
    }


def _stats(report: Report, skipped: int) -> Stats:
    return Stats(
        recipients=report.audience - skipped,
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
    runtime: Runtime,
    caller: Caller,
    campaign_uuid: UUID,
    page: Page,
    *,
    sort: str = "clicks",
    descending: bool = True,
) -> Paged[LinkClicks]:
    """The campaign's links, most clicked first, those nobody clicked included.

    `sort`: `clicks`, `unique_clicks`, `url` or `number`, their place in the mail.
    """
    caller.require("campaigns:read")
    async with runtime.database.reading() as connection:
        campaign_id = await campaigns.id_of(connection, caller, campaign_uuid)
        rows, total = await store.page_of_links(
            connection,
            caller.tenant_id,
            campaign_id,
            sort=sort,
            descending=descending,
            limit=page.per_page,
            offset=page.offset,
        )
    names = LinkClicks.__slots__
    return Paged([LinkClicks(**{name: row[name] for name in names}) for row in rows], total, page)


async def campaign_of_link(runtime: Runtime, caller: Caller, link_uuid: UUID) -> UUID:
    """The campaign whose mails have that link. Raises NotFound."""
    caller.require("campaigns:read")
    async with runtime.database.reading() as connection:
        row = await campaign_links.get(connection, caller.tenant_id, link_uuid)
    if row is None:
        raise NotFound("There is no such link.")
    return row["campaign_uuid"]


def cells(figures: Row) -> list[Any]:
    """A row of `store.reports.page_of_figures` in the columns EXPORTED."""
    report = _report(figures, {}, figures["updated_at"])
    named = {
        "campaign_uuid": figures["uuid"],
        "name": figures["name"],
        "subject": figures["subject"],
        "skipped": figures["skipped_count"] + figures["skipped"],
    }
    return [named[name] if name in _NAMED else getattr(report, name) for name in EXPORTED]


def _report(figures: Row, skipped: Mapping[str, int], now: datetime) -> Report:
    later = figures["bounced_later"]
    return Report(
        status=figures["state"],
        audience=figures["audience_count"],
        sent=figures["sent"],
        delivered=figures["sent"] - later,
        opened=figures["opened"],
        opens=figures["opens"],
        clicked=figures["clicked"],
        clicks=figures["clicks"],
        bounced=figures["bounced"] + later,
        unsubscribed=figures["unsubscribed"],
        complained=figures["complained"],
        auto_replies=figures["auto_replies"],
        failed=figures["failed"],
        deferred=figures["deferred"],
        queued=figures["queued_count"] - sum(figures[name] for name in _OUTCOMES),
        canceled=figures["canceled"],
        skipped=skipped,
        possibly_repeated=figures["possibly_repeated"],
        rate=_rate(figures, now),
        started_at=figures["started_at"],
        finished_at=figures["finished_at"],
    )


def _rate(figures: Row, now: datetime) -> float:
    if figures["started_at"] is None:
        return 0.0
    seconds = ((figures["finished_at"] or now) - figures["started_at"]).total_seconds()
    return round(figures["sent"] / seconds, 1) if seconds > 0 else 0.0


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0
