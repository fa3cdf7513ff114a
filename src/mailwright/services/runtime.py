"""What every service needs at hand; built once per process by `mailwright.app`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from mailwright.domain.keys import Keys
from mailwright.settings import Settings
from mailwright.store.database import Database


def utc_now() -> datetime:
    """The present, aware, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Runtime:
    """Settings, database, keys and clock of this process."""

    settings: Settings
    database: Database
    keys: Keys
    now: Callable[[], datetime] = field(default=utc_now)
