"""The scenario through the native API."""

from __future__ import annotations

from typing import Any

import httpx2

from tests.scenarios.door import Figures

BODY = (
    "# News\n\nSee the [lighthouse](https://harbour.example/lighthouse).\n\n"
    "[Leave]({{unsubscribeUrl}})"
)


class NativeDoor:
    """Speaks `/api/v1` with a key."""

    def __init__(self, client: httpx2.AsyncClient, *, list_uuid: str, sender_uuid: str) -> None:
        self._client = client
        self._list_uuid = list_uuid
        self._sender_uuid = sender_uuid

    async def draft(self, name: str) -> str:
        return str((await self._call("POST", "/campaigns", {"name": name}))["uuid"])

    async def write(self, campaign: str, *, subject: str) -> None:
        fields = {
            "subject": subject,
            "from_name": "Harbour",
            "from_identity": self._sender_uuid,
            "list_uuid": self._list_uuid,
            "content": BODY,
        }
        written = await self._call("PATCH", f"/campaigns/{campaign}", fields)
        assert written["readiness"] == {"can_send": True, "missing": []}

    async def try_out(self, campaign: str, address: str) -> None:
        await self._call("POST", f"/campaigns/{campaign}/test", {"email": address})

    async def schedule(self, campaign: str, at: str) -> None:
        await self._call("POST", f"/campaigns/{campaign}/schedule", {"scheduled_at": at})

    async def cancel_schedule(self, campaign: str) -> None:
        await self._call("POST", f"/campaigns/{campaign}/unschedule")

    async def send(self, campaign: str) -> None:
        await self._call("POST", f"/campaigns/{campaign}/send")

    async def state(self, campaign: str) -> str:
        return str((await self._call("GET", f"/campaigns/{campaign}"))["status"])

    async def figures(self, campaign: str) -> Figures:
        report = await self._call("GET", f"/campaigns/{campaign}/report")
        return Figures(report["sent"], report["opened"], report["clicked"], report["unsubscribed"])

    async def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        answer = await self._client.request(method, f"/api/v1{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json()["data"]
