"""Local time in a place: which instant it is, also on the two nights when clocks are changed.

A time that the clocks jump over happens as much later as they jump; of an hour that comes twice it
is the first (docs/decisions/0006-wall-clock-times.md). That is what RFC 5545 section 3.3.5 says of
calendars, and what PEP 495's `fold=0` gives.
"""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from mailwright.errors import InvalidInput

_LENGTH_MAX = 100


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
