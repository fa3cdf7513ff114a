"""Local time in a place: which instant it is, also on the two nights when clocks are changed.

A time that the clocks jump over happens as much later as they jump; of an hour that comes twice it
is the first (docs/decisions/0006-wall-clock-times.md). That is what RFC 5545 section 3.3.5 says of
calendars, and what PEP 495's `fold=0` gives.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from mailwright.errors import InvalidInput

_LENGTH_MAX = 100
_CONTINENTS = ("Africa", "America", "Antarctica", "Asia", "Australia", "Europe")
_OCEANS = ("Arctic", "Atlantic", "Indian", "Pacific")
_REGIONS = frozenset((*_CONTINENTS, *_OCEANS))


class ClockChange(StrEnum):
    """What is odd about a local time."""

    SKIPPED = "skipped"  # the clocks jump over it
    REPEATED = "repeated"  # it comes twice


@dataclass(frozen=True, slots=True)
class WallClock:
    """A time as asked for, without an offset, and when it really is in `zone`.

    `local`: what the clocks there show at that instant, with its offset.
    """

    asked: datetime
    zone: str
    local: datetime
    change: ClockChange | None

    @property
    def instant(self) -> datetime:
        """In UTC."""
        return self.local.astimezone(UTC)


def read_wall_clock(asked: datetime, zone: str, *, field: str = "scheduled_at") -> WallClock:
    """When it is `asked` (which has no offset) in `zone`, and what is odd about it.

    Raises InvalidInput for `field`.
    """
    place = ZoneInfo(zone)
    first, second = (asked.replace(tzinfo=place, fold=fold) for fold in (0, 1))
    at = instant(asked, zone, field=field)
    before, after = first.utcoffset(), second.utcoffset()
    change = None
    if before != after and before is not None and after is not None:
        change = ClockChange.SKIPPED if before < after else ClockChange.REPEATED
    return WallClock(asked, zone, at.astimezone(place), change)


@cache
def zone_names() -> Sequence[str]:
    """The zones to choose from: those named after a place, and UTC, which is the first."""
    named = (name for name in available_timezones() if name.partition("/")[0] in _REGIONS)
    return ("UTC", *sorted(named))


def find_zone(text: str, *, field: str = "timezone") -> str:
    """The zone that somebody typed: its name in any case, or the city alone where one has it.

    Raises InvalidInput for `field`.
    """
    wanted = "_".join(text.split()).lower()
    by_name = [name for name in zone_names() if name.lower() == wanted]
    by_city = [name for name in zone_names() if name.lower().rpartition("/")[2] == wanted]
    found = by_name or by_city
    return found[0] if len(found) == 1 else parse_zone(text.strip(), field=field)


def parse_zone(name: str, *, field: str = "timezone") -> str:
    """The IANA name, as given. Raises InvalidInput for `field` when there is no such zone."""
    try:
        if len(name) > _LENGTH_MAX or ("/" not in name and name != "UTC"):
            raise ZoneInfoNotFoundError(name)
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidInput.field(field, "An IANA time zone, such as Europe/Madrid.") from None
    return name


def instant(moment: datetime, zone: str | None, *, field: str = "scheduled_at") -> datetime:
    """The instant in UTC. A moment with an offset is one already; without, it is local in `zone`.

    Raises InvalidInput for `field` when it is local and nobody says where.
    """
    if moment.tzinfo is None and zone is None:
        raise InvalidInput.field(
            field, "Give Z or an offset, or a timezone such as Europe/Madrid beside it."
        )
    if moment.tzinfo is None:
        # fold=0 reads a skipped time with the offset before the jump: as much later as they jump.
        moment = moment.replace(tzinfo=ZoneInfo(str(zone)), fold=0)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise InvalidInput.field(field, "A time between the years 1 and 9999.") from None
