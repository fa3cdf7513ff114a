"""The demo's readers: some open, some click, one leaves; all through the links in their mails."""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import AsyncGenerator, Awaitable
from dataclasses import dataclass
from email.message import EmailMessage

from rich.console import Console

from mailwright.cli.demo_client import Api, DemoFailed

OPENERS = 40
CLICKERS = 15
_PIXEL = re.compile(r'src="([^"]+/o/[^"]+)"')
_LINK = re.compile(r'href="([^"]+/c/[^"]+)"')


@dataclass(frozen=True, slots=True)
class Visits:
    """How many people opened, clicked and unsubscribed."""

    opens: int
    clicks: int
    unsubscribes: int


async def read_some_mails(api: Api, campaign: str, console: Console) -> Visits:
    """Opens, clicks and one one-click unsubscribe, against the links of captured mails."""
    mails = [mail async for mail in _first_mails(api, campaign, OPENERS)]
    for mail in mails:
        await _expect(api.visit(_found(_PIXEL, mail)), {200})
    for mail in mails[:CLICKERS]:
        await _expect(api.visit(_found(_LINK, mail)), {302})
    target = str(mails[0]["List-Unsubscribe"]).strip("<> ")
    await _expect(api.one_click(target), {200})
    console.print(
        f"[green]✓[/] {len(mails)} people open, {CLICKERS} click, one unsubscribes with one click"
    )
    return Visits(len(mails), CLICKERS, 1)


async def _first_mails(api: Api, campaign: str, count: int) -> AsyncGenerator[EmailMessage]:
    seen = 0
    async for row in api.every("/inbox", campaign_uuid=campaign):
        raw = await api.raw(f"/inbox/{row['uuid']}/raw")
        yield email.message_from_bytes(raw, policy=email.policy.default)
        seen += 1
        if seen == count:
            return


def _found(pattern: re.Pattern[str], mail: EmailMessage) -> str:
    body = mail.get_body(("html",))
    match = pattern.search(str(body.get_content())) if body else None
    if match is None:
        raise DemoFailed("A mail lacks its tracking links.")
    return match[1].replace("&amp;", "&")


async def _expect(call: Awaitable[int], statuses: set[int]) -> None:
    status = await call
    if status not in statuses:
        raise DemoFailed(f"A link of a mail answered {status}.")
