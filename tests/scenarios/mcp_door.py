"""The scenario as an assistant plays it: operations, previews, and the word that confirms."""

from __future__ import annotations

from typing import Any

from tests.mcp.assistant import Assistant
from tests.scenarios.door import Figures
from tests.scenarios.native_door import BODY


class McpDoor:
    """Speaks `/mcp` with the official client."""

    def __init__(self, assistant: Assistant, *, list_uuid: str, sender_uuid: str) -> None:
        self._assistant = assistant
        self._list_uuid = list_uuid
        self._sender_uuid = sender_uuid

    async def draft(self, name: str) -> str:
        return str((await self._assistant.data("campaigns", "create", name=name))["uuid"])

    async def write(self, campaign: str, *, subject: str) -> None:
        await self._assistant.data(
            "campaigns",
            "update",
            campaign_id=campaign,
            subject=subject,
            from_name="Harbour",
            from_identity=self._sender_uuid,
            list_id=self._list_uuid,
            content=BODY,
        )
        shown = await self._assistant.data("campaigns", "render", campaign_id=campaign)
        assert shown["subject"] == subject
        ready = await self._assistant.data("campaigns", "readiness", campaign_id=campaign)
        assert ready["readiness"] == {"can_send": True, "missing": []}

    async def try_out(self, campaign: str, address: str) -> None:
        await self._confirmed("test", campaign, email=address)

    async def schedule(self, campaign: str, at: str) -> None:
        await self._confirmed("schedule", campaign, scheduled_at=at)

    async def cancel_schedule(self, campaign: str) -> None:
        await self._assistant.data("campaigns", "unschedule", campaign_id=campaign)

    async def send(self, campaign: str) -> None:
        await self._confirmed("send", campaign)

    async def state(self, campaign: str) -> str:
        found = await self._assistant.data("campaigns", "get", campaign_id=campaign)
        return str(found["status"])

    async def figures(self, campaign: str) -> Figures:
        report = await self._assistant.data("reports", "campaign", campaign_id=campaign)
        return Figures(report["sent"], report["opened"], report["clicked"], report["unsubscribed"])

    async def _confirmed(self, operation: str, campaign: str, **params: Any) -> None:
        """The preview first, as a person would see it; it changes nothing."""
        before = await self.state(campaign)
        shown = await self._assistant.ask("campaigns", operation, campaign_id=campaign, **params)
        assert shown["preview"]["people"] >= 1
        assert await self.state(campaign) == before
        await self._assistant.data(
            "campaigns", operation, campaign_id=campaign, confirm=True, **params
        )
