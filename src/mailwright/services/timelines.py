"""When a campaign's mails were opened and their links clicked.

All figures count times, as `opens` and `clicks` of the report do, and add up to them. What mail
programs fetched ahead and scanners looked at is counted in them, and told apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from mailwright.domain.hit_verdict import NOBODY_LOOKED
from mailwright.domain.timeline import HOURS, bucket_place, bucket_span
from mailwright.services import campaigns
from mailwright.services.caller import Caller
from mailwright.services.runtime import Runtime
from mailwright.store import timelines as store
from mailwright.store.rows import Row


@dataclass(frozen=True, slots=True)
class Bucket:
    """What happened from `since` on and before `until`.

    `machine_opens` are those of `opens` at which nobody looked: what a mail program fetched ahead
    of its reader, what a security gateway or a crawler looked at.
    """

    since: datetime
    until: datetime
    opens: int
    machine_opens: int
    clicks: int
    machine_clicks: int


@dataclass(frozen=True, slots=True)
class Timeline:
    """Buckets without a gap from the start to the last open or click: 48 hours, then days.

    The hours come also where nothing happened, up to now. Before the start there are none.
    """

    started_at: datetime | None
    buckets: Sequence[Bucket]


async def get_timeline(runtime: Runtime, caller: Caller, campaign_uuid: UUID) -> Timeline:
    """The timeline as of now. Raises NotFound."""
    caller.require("campaigns:read")
    async with runtime.database.reading() as connection:
        campaign = await campaigns.existing(connection, caller, campaign_uuid)
        started_at = campaign["started_at"]
        if started_at is None:
            return Timeline(None, [])
        key = (caller.tenant_id, campaign["id"])
        rows = await store.counts(
            connection, *key, started_at=started_at, machines=sorted(NOBODY_LOOKED)
        )
    return Timeline(started_at, _buckets(rows, started_at, runtime.now()))


def _buckets(rows: Sequence[Row], started_at: datetime, now: datetime) -> list[Bucket]:
    found: dict[int, dict[str, int]] = {}
    for row in rows:
        name = _NAMES[row["kind"]]
        figures = found.setdefault(row["place"], {})
        figures[name] = figures.get(name, 0) + row["occurrences"]
        if row["is_machine"]:
            figures[f"machine_{name}"] = row["occurrences"]
    last = max(min(bucket_place(started_at, now), HOURS - 1), *found, 0)
    return [
        Bucket(
            *bucket_span(started_at, place),
            **{name: found.get(place, {}).get(name, 0) for name in _FIGURES},
        )
        for place in range(last + 1)
    ]


_NAMES = {"opened": "opens", "clicked": "clicks"}
_FIGURES = ("opens", "machine_opens", "clicks", "machine_clicks")
