"""Where a worker's batches come from: campaigns, or single mails."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from mailwright.delivery.batch import Result
from mailwright.delivery.load import Load
from mailwright.store.batches import Lease


class Source(Protocol):
    """One kind of batches: how they are claimed, what is in them, what follows from their end."""

    async def claim(self, *, worker: str, busy_lanes: Sequence[str]) -> Lease | None:
        """A batch for `worker` whose lane is not busy, or None."""
        ...

    async def load(self, lease: Lease) -> Load | None:
        """What is to be sent; None: nothing, for now."""
        ...

    async def settle(self, lease: Lease, result: Result) -> None:
        """The batch ended like that: closes it, or gives it back."""
        ...

    async def give_back(self, lease: Lease) -> None:
        """What was not sent is free for another worker."""
        ...
