"""Prompts that people start from: a new campaign, and a report explained."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mcp_types import GetPromptResult, Prompt, PromptArgument, PromptMessage, TextContent

from mailwright.errors import InvalidInput

_NEW = """\
Help me to send a new campaign with Mailwright's tools. {about}

1. Ask `lists` and `senders` what there is. If I named a campaign to copy, find it with `campaigns`
   `list` and `duplicate` it; else `create` a draft.
2. Write subject, preheader and body (Markdown in `content`, with an unsubscribe link
   `[Unsubscribe]({{{{unsubscribeUrl}}}})`), and show me what `render` gives.
3. Call `readiness` and mend what is missing; offer me a `test` to my own address.
4. Call `schedule` or `send` without `confirm`, show me the preview (how many people, from whom,
   when, in which zone) and wait. Only after I say yes, call it again with `confirm: true`."""

_EXPLAIN = """\
Explain the report of campaign {campaign_id} to somebody who is no expert.

Read `reports` `campaign`, `rates` and `links`, and `logs` `recipients` with status bounced or
skipped where those figures are not zero. Say in a few sentences how it went, what stands out
(bounces, complaints, unsubscribes, the most clicked link), why people were skipped, and one thing
to do better next time. Opens are only a hint: some programs open every mail, others none."""

PROMPTS = [
    Prompt(
        name="new_campaign",
        title="New campaign",
        description="Write, check, test and schedule a campaign, step by step.",
        arguments=[
            PromptArgument(
                name="about", description="What it is about, for whom, when it goes out."
            )
        ],
    ),
    Prompt(
        name="explain_report",
        title="Explain this report",
        description="What came of a campaign, in plain words.",
        arguments=[PromptArgument(name="campaign_id", description="Its id.", required=True)],
    ),
]


def _new_campaign(given: Mapping[str, Any]) -> str:
    return _NEW.format(about=str(given.get("about") or "Ask me what it is about, and for whom."))


def _explain_report(given: Mapping[str, Any]) -> str:
    if not given.get("campaign_id"):
        raise InvalidInput.field("campaign_id", "Say which campaign.")
    return _EXPLAIN.format(campaign_id=given["campaign_id"])


_WRITERS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "new_campaign": _new_campaign,
    "explain_report": _explain_report,
}


def written(name: str, given: Mapping[str, Any]) -> GetPromptResult:
    """The prompt, filled in. Raises InvalidInput for one that there is not."""
    if name not in _WRITERS:
        known = ", ".join(_WRITERS)
        raise InvalidInput(f"There is no prompt {name[:100]!r}; there are: {known}.")
    text = TextContent(type="text", text=_WRITERS[name](given))
    return GetPromptResult(messages=[PromptMessage(role="user", content=text)])
