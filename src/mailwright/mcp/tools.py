"""Every tool, and how each is told to an assistant."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from mailwright.mcp.campaigns import CAMPAIGNS
from mailwright.mcp.contacts import CONTACTS
from mailwright.mcp.emails import EMAILS
from mailwright.mcp.lists import LISTS
from mailwright.mcp.logs import LOGS
from mailwright.mcp.operations import Kind, Operation, Tool
from mailwright.mcp.parameters import parameters_of
from mailwright.mcp.reports import REPORTS
from mailwright.mcp.segments import SEGMENTS
from mailwright.mcp.senders import SENDERS
from mailwright.mcp.suppressions import SUPPRESSIONS
from mailwright.mcp.templates import TEMPLATES
from mailwright.mcp.webhooks import WEBHOOKS

_TOOLS = (
    CAMPAIGNS,
    LISTS,
    CONTACTS,
    SEGMENTS,
    SENDERS,
    TEMPLATES,
    EMAILS,
    REPORTS,
    LOGS,
    SUPPRESSIONS,
    WEBHOOKS,
)
TOOLS: Mapping[str, Tool] = {tool.name: tool for tool in _TOOLS}


@lru_cache(maxsize=256)
def description(tool: Tool, granted: frozenset[str]) -> str | None:
    """What these scopes open of a tool, an operation a line; None: nothing.

    `name!` needs `confirm`; parameters follow, those that may be left out after a `?`; `+fields`
    are the fields named at the end.
    """
    allowed = tool.allowed(granted)
    if not allowed:
        return None
    lines = [tool.about, *(_line(name, operation) for name, operation in allowed.items())]
    fields = _fields(allowed)
    if fields:
        lines.append(f"fields: {', '.join(fields)}")
    return "\n".join(lines)


def _line(name: str, operation: Operation) -> str:
    takes = parameters_of(operation)
    words = [*takes.required, *(f"{name}?" for name in takes.optional)]
    if takes.changes:
        words.append("+fields")
    mark = "!" if operation.kind is Kind.CONFIRM else ""
    told = f"{name}{mark}({', '.join(words)})"
    return f"{told}: {operation.about}" if operation.about else told


def _fields(allowed: Mapping[str, Operation]) -> list[str]:
    """The fields of the sets of changes, each once, in their order."""
    found: dict[str, None] = {}
    for operation in allowed.values():
        found |= dict.fromkeys(parameters_of(operation).changes)
    return list(found)
