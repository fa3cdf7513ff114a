"""How the time after a campaign's start is cut: by hours while much happens, then by days."""

from __future__ import annotations

from datetime import datetime, timedelta

#: So many buckets are hours, two days of them; those that follow are days.
HOURS = 48
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


def bucket_span(started_at: datetime, place: int) -> tuple[datetime, datetime]:
    """The first moment of the bucket at that place (from 0), and of the one that follows."""
    if place < HOURS:
        return started_at + place * _HOUR, started_at + (place + 1) * _HOUR
    since = started_at + HOURS * _HOUR + (place - HOURS) * _DAY
    return since, since + _DAY


def bucket_place(started_at: datetime, at: datetime) -> int:
    """The place of the bucket that has that moment; one before the start is in the first."""
    hours = max(0, (at - started_at) // _HOUR)
    return hours if hours < HOURS else HOURS + (hours - HOURS) // 24
