"""The scenario in MailingCore's words."""

from __future__ import annotations

from typing import Any

import httpx2

from tests.scenarios.door import Figures

BODY = (
    '<h1>News</h1><p>See the <a href="https://harbour.example/lighthouse">lighthouse</a>.</p>'
    '<p><a href="{{unsubscribeUrl}}">Leave</a></p>'
)
STATES = {
    "DRAFT": "draft",
    "SCHEDULED": "scheduled",
    "SENDING": "sending",
    "SENT": "sent",
    "CANCELLED": "canceled",
}


class MailingCoreDoor:
    """Speaks `/mailingcore` with a key. Its audience is everybody who opted in."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self._client = client
        self._drafts: dict[str, dict[str, Any]] = {}  # what each was made from
        self._ids: dict[str, str] = {}  # a draft's name here → its present id there

    async def draft(self, name: str) -> str:
        self._drafts[name] = {"name": name}
        self._ids[name] = (await self._call("POST", "/campaigns", self._drafts[name]))["id"]
        return name

    async def write(self, campaign: str, *, subject: str) -> None:
        body = {"name": campaign, "subject": "The template's own", "htmlBody": BODY}
        template = await self._call("POST", "/templates", body)
        version = template["versions"][0]["id"]
        await self._call("POST", f"/templates/{template['id']}/versions/{version}/publish")
        fields = {
            "subject": subject,
            "templateVersionId": version,
            "audienceFilter": {"optIn": True},
        }
        self._drafts[campaign] |= fields
        await self._call("PATCH", self._path(campaign), fields)

    async def try_out(self, campaign: str, address: str) -> None:
        await self._call("POST", f"{self._path(campaign)}/test", {"emails": [address]})

    async def schedule(self, campaign: str, at: str) -> None:
        body = {"scheduledAt": at, "timezone": "Europe/Madrid"}
        await self._call("POST", f"{self._path(campaign)}/schedule", body)

    async def cancel_schedule(self, campaign: str) -> None:
        """Cancel is for good, so it is made again."""
        await self._call("POST", f"{self._path(campaign)}/cancel")
        assert await self.state(campaign) == "canceled"
        made = await self._call("POST", "/campaigns", self._drafts[campaign])
        self._ids[campaign] = made["id"]

    async def send(self, campaign: str) -> None:
        await self._call("POST", f"{self._path(campaign)}/send", status=202)

    async def state(self, campaign: str) -> str:
        return STATES[(await self._call("GET", self._path(campaign)))["status"]]

    async def figures(self, campaign: str) -> Figures:
        """MailingCore has no report of a campaign; the native one tells of the same row."""
        answer = await self._client.get(f"/api/v1/campaigns/{self._ids[campaign]}/report")
        report = answer.json()["data"]
        return Figures(report["sent"], report["opened"], report["clicked"], report["unsubscribed"])

    def _path(self, campaign: str) -> str:
        return f"/campaigns/{self._ids[campaign]}"

    async def _call(
        self, method: str, path: str, body: dict[str, Any] | None = None, *, status: int = 0
    ) -> Any:
        answer = await self._client.request(method, f"/mailingcore{path}", json=body)
        assert answer.is_success, answer.text
        assert status in (0, answer.status_code)
        return answer.json()
