"""What the engine asks of the mails in a batch, whichever kind they are of.

A campaign's mails say the same to everybody, a single mail says its own. Leasing, connections, the
rule before the final dot, outcomes and retries are one mechanism for both.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.retry_ladder import RetryLadder
from mailwright.store.batches import Lease
from mailwright.store.rows import Row


@dataclass(frozen=True, slots=True)
class Due:
    """A message that waits. `row`: with `email` and `email_key`, and what its letter is made of."""

    message_id: int
    attempts: int
    possibly_repeated: bool
    skip_reason: str | None
    row: Row
    at_most_once: bool = False  # rather lost than sent twice
    expires_at: float | None = None  # by `time.monotonic()`; never sent later

    @property
    def email_key(self) -> str:
        """What suppressions know the address by."""
        return self.row["email_key"]

    @property
    def recipient(self) -> str:
        """The address for the wire: the local part as given, the domain in A-label form."""
        local_part, _, _ = self.row["email"].rpartition("@")
        return f"{local_part}@{self.email_key.rpartition('@')[2]}"

    def expires_within(self, seconds: float) -> bool:
        """Whether it would be too late then."""
        return self.expires_at is not None and time.monotonic() + seconds >= self.expires_at


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail as it goes on the wire."""

    envelope_sender: str
    recipient: str
    raw: bytes


class Load(Protocol):
    """The mails of one lease."""

    ladder: RetryLadder
    is_urgent: bool  # overtakes what is not, on a transport that both use

    async def due(self, connection: AsyncConnection, lease: Lease) -> Sequence[Due]:
        """Those that still wait, in the order in which they are to leave."""
        ...

    async def gone(
        self, connection: AsyncConnection, lease: Lease, waiting: Sequence[Due]
    ) -> Mapping[int, str] | None:
        """Who of those waiting may not be mailed any more, and why; None: nobody may."""
        ...

    async def letter(self, due: Due) -> Letter:
        """The mail. Raises MailwrightError where its data cannot stand in a mail."""
        ...
