"""What every door must be able to do, in the scenario's words; each door says it in its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Figures:
    """What a door's report must tell, whatever it calls them."""

    sent: int
    opened: int
    clicked: int
    unsubscribed: int


class CampaignDoor(Protocol):
    """One vendor's way through a campaign's life. States are the lifecycle's words."""

    async def draft(self, name: str) -> str:
        """A new draft; its id at this door."""
        ...

    async def write(self, campaign: str, *, subject: str) -> None:
        """Gives it sender, audience, subject and a body with a link and an unsubscribe link."""
        ...

    async def try_out(self, campaign: str, address: str) -> None:
        """Sends a test."""
        ...

    async def schedule(self, campaign: str, at: str) -> None:
        """Plans it for an instant, as ISO 8601."""
        ...

    async def cancel_schedule(self, campaign: str) -> None:
        """Takes the plan back, in the way this door has for it."""
        ...

    async def send(self, campaign: str) -> None:
        """Sends it now."""
        ...

    async def state(self, campaign: str) -> str:
        """Its state."""
        ...

    async def figures(self, campaign: str) -> Figures:
        """Its report."""
        ...
