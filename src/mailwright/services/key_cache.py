"""API keys seen lately, so that not every call asks the database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

LIFETIME = timedelta(seconds=5)  # how late another process may learn of a revoked key
KNOWN_MAX = 10_000
UNKNOWN_MAX = 1_000  # kept apart, so that guesses cannot push out real keys


@dataclass(frozen=True, slots=True)
class KnownKey:
    """What a key may do."""

    tenant_id: int
    uuid: UUID
    granted: frozenset[str]
    sandbox: bool
    expires_at: datetime | None


class KeyCache:
    """By keyed hash: the key, or None for one that is unknown or revoked."""

    def __init__(self) -> None:
        self._known: dict[bytes, tuple[datetime, KnownKey | None]] = {}
        self._unknown: dict[bytes, tuple[datetime, KnownKey | None]] = {}

    def get(self, key_hash: bytes, now: datetime) -> tuple[bool, KnownKey | None]:
        """(whether it is remembered, the key or None)."""
        found = self._known.get(key_hash) or self._unknown.get(key_hash)
        if found is None or not timedelta(0) <= now - found[0] < LIFETIME:
            return False, None
        return True, found[1]

    def put(self, key_hash: bytes, key: KnownKey | None, now: datetime) -> None:
        """Remembers one; when full, forgets all of its sort."""
        self.forget(key_hash)
        entries, most = (self._unknown, UNKNOWN_MAX) if key is None else (self._known, KNOWN_MAX)
        if len(entries) >= most:
            entries.clear()
        entries[key_hash] = (now, key)

    @property
    def size(self) -> int:
        """How many are remembered."""
        return len(self._known) + len(self._unknown)

    def forget(self, key_hash: bytes) -> None:
        """Asks the database next time."""
        self._known.pop(key_hash, None)
        self._unknown.pop(key_hash, None)
