"""A clock that only moves when told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class Clock:
    """Call it for the time; starts at the present, so that it agrees with the database's."""

    def __init__(self) -> None:
        self.time = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.time

    def advance(
        self, *, seconds: float = 0, minutes: float = 0, hours: float = 0, days: float = 0
    ) -> datetime:
        """Moves on by that much and returns the new time."""
        self.time += timedelta(seconds=seconds, minutes=minutes, hours=hours, days=days)
        return self.time
