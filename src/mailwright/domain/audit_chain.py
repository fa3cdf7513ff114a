"""The chain of the audit log: each entry's hash covers the one before it (SEC-30).

To change, add or take away an entry somewhere, one has to compute every later hash anew, and the
chain then ends in another value than the one somebody noted down.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

FIRST = hashlib.sha256(b"mailwright audit log").digest()  # what the first entry follows

_CONTENT = ("number", "at", "actor", "door", "action", "subject", "details")


def entry_hash(previous: bytes, entry: Mapping[str, Any]) -> bytes:
    """32 bytes: SHA-256 over the hash before and the entry's content as sorted JSON."""
    content = {name: entry[name] for name in _CONTENT}
    at: datetime = content["at"]
    content["at"] = at.astimezone(UTC).isoformat(timespec="microseconds")
    written = orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(previous + written).digest()
