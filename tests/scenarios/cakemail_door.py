"""The scenario in Cakemail's words, with a token that a password got."""

from __future__ import annotations

from typing import Any

import httpx2

from tests.dialects.cakemail.document import assert_valid
from tests.scenarios.door import Figures

BODY = (
    '<html><body><h1>News</h1><p>See the <a href="https://harbour.example/lighthouse">lighthouse'
    '</a>.</p><p><a href="{{unsubscribeUrl}}">Leave</a></p></body></html>'
)
STATES = {
    "draft": "draft",
    "scheduled": "scheduled",
    "delivering": "sending",
    "delivered": "sent",
    "canceled": "canceled",
}
ONE = "/campaigns/{campaign_id}"


class CakemailDoor:
    """Speaks `/cakemail`; every answer is held against the document."""

    def __init__(
        self, client: httpx2.AsyncClient, login: tuple[str, str], *, list_id: int, sender_id: int
    ) -> None:
        self._client = client
        self._login = login
        self._list_id = list_id
        self._sender_id = sender_id
        self._headers: dict[str, str] = {}

    async def draft(self, name: str) -> str:
        if not self._headers:
            await self._sign_in()
        told = await self._call("POST", "/campaigns", body={"name": name}, status=201)
        assert (told["status"], told["created"]) == ("draft", True)
        return str(told["campaign_id"])

    async def write(self, campaign: str, *, subject: str) -> None:
        body = {
            "sender": {"sender_id": self._sender_id},
            "audience": {"list_id": self._list_id},
            "content": {"subject": subject, "html": BODY},
        }
        await self._call("PATCH", ONE, campaign, body)
        rendered = await self._call("GET", f"{ONE}/render", campaign)
        assert "lighthouse" in rendered["data"]["html"]

    async def try_out(self, campaign: str, address: str) -> None:
        await self._call("POST", f"{ONE}/send-test", campaign, {"test_email": address})

    async def schedule(self, campaign: str, at: str) -> None:
        await self._call("POST", f"{ONE}/schedule", campaign, {"scheduled_for": at})

    async def cancel_schedule(self, campaign: str) -> None:
        await self._call("POST", f"{ONE}/unschedule", campaign)

    async def send(self, campaign: str) -> None:
        await self._call("POST", f"{ONE}/schedule", campaign)

    async def state(self, campaign: str) -> str:
        return STATES[(await self._call("GET", ONE, campaign))["status"]]

    async def figures(self, campaign: str) -> Figures:
        before, logged = await self._report(campaign), await self._logged(campaign)
        after = await self._report(campaign)
        if before == after:  # else something happened meanwhile
            assert logged == after
        return after

    async def _report(self, campaign: str) -> Figures:
        report = await self._call("GET", "/reports/campaigns/{campaign_id}", campaign)
        return Figures(report["sent"], report["opened"], report["clicked"], report["unsubscribed"])

    async def _logged(self, campaign: str) -> Figures:
        """The same, counted by walking the log."""
        seen: list[tuple[str, int]] = []
        for page in range(1, 50):
            query = f"?page={page}&per_page=3"
            told = await self._call("GET", "/logs/campaigns/{campaign_id}", campaign, query=query)
            seen += [(row["type"], row["contact_id"]) for row in told["data"]]
            if len(told["data"]) < 3:
                break
        people = {(what, who) for what, who in seen}
        counts = {what: sum(1 for kind, _ in people if kind == what) for what, _ in people}
        return Figures(*(counts.get(word, 0) for word in ("sent", "open", "click", "unsubscribe")))

    async def _sign_in(self) -> None:
        username, password = self._login
        form = {"grant_type": "password", "username": username, "password": password}
        answer = await self._client.post(
            "/cakemail/token", data=form, headers={"Authorization": ""}
        )
        assert answer.is_success, answer.text
        self._headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}

    async def _call(
        self,
        method: str,
        template: str,
        campaign: str = "",
        body: dict[str, Any] | None = None,
        *,
        query: str = "",
        status: int = 200,
    ) -> Any:
        path = template.replace("{campaign_id}", campaign)
        answer = await self._client.request(
            method, f"/cakemail{path}{query}", json=body, headers=self._headers
        )
        assert answer.status_code == status, answer.text
        assert_valid(method, template, status, answer.json())
        return answer.json()
