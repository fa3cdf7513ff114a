"""What an assistant is shown: everything it may do, in few words."""

from __future__ import annotations

import inspect
import json
from typing import Any, cast

import pytest
from mcp.client.client import Client

from mailwright.api.application import create_api
from mailwright.domain.doors import Door
from mailwright.domain.scopes import ROLE_SCOPES, Role
from mailwright.mcp.fields import KNOWN
from mailwright.mcp.operations import Kind
from mailwright.mcp.parameters import parameters_of, shown
from mailwright.mcp.server import create_server
from mailwright.mcp.tools import TOOLS
from mailwright.services.caller import Caller
from mailwright.services.runtime import Runtime

CHARACTERS_PER_TOKEN = 3.5  # of English and JSON; the usual tokenizers need fewer tokens
TOKENS_MAX = 4_000


async def listed(runtime: Runtime, granted: frozenset[str]) -> list[dict[str, Any]]:
    async def caller_of(_context: object) -> Caller:
        return Caller(1, "key:test", Door.MCP, granted)

    async with Client(create_server(runtime, caller_of)) as client:
        found = await client.list_tools()
    return [tool.model_dump(by_alias=True, exclude_none=True, mode="json") for tool in found.tools]


@pytest.mark.checklist("C32", "C33", "C34", "C35")
async def test_there_is_one_tool_per_noun_with_operation_and_params(runtime: Runtime) -> None:
    tools = {tool["name"]: tool for tool in await listed(runtime, frozenset({"*"}))}
    assert set(tools) >= {
        "campaigns",
        "lists",
        "contacts",
        "segments",
        "senders",
        "templates",
        "emails",
        "reports",
        "logs",
        "suppressions",
        "webhooks",
    }
    for tool in tools.values():
        schema = tool["inputSchema"]
        assert set(schema["properties"]) <= {"operation", "params", "confirm"}
        assert schema["required"] == ["operation"]
    operations = set(tools["campaigns"]["inputSchema"]["properties"]["operation"]["enum"])
    lifecycle = "list create update render test schedule send pause resume cancel duplicate"
    assert operations >= {*lifecycle.split(), "delete", "report", "readiness"}


async def test_listing_the_tools_takes_few_tokens(runtime: Runtime) -> None:
    tools = await listed(runtime, frozenset({"*"}))
    text = json.dumps(tools, ensure_ascii=False, separators=(",", ":"))
    assert len(text) / CHARACTERS_PER_TOKEN < TOKENS_MAX


async def test_a_read_only_key_sees_operations_that_read(runtime: Runtime) -> None:
    for tool in await listed(runtime, ROLE_SCOPES[Role.VIEWER]):
        table = TOOLS[tool["name"]].operations
        words = tool["inputSchema"]["properties"]["operation"]["enum"]
        assert {table[word].kind for word in words} == {Kind.READ}
        assert "confirm" not in tool["inputSchema"]["properties"]
        assert tool["annotations"]["readOnlyHint"] is True
        hidden = [name for name in table if name not in words]
        assert not any(f"\n{name}(" in tool["description"] for name in hidden)


async def test_a_key_sees_only_the_tools_its_scopes_open(runtime: Runtime) -> None:
    tools = await listed(runtime, frozenset({"contacts:write", "lists:read"}))
    assert [tool["name"] for tool in tools] == ["lists", "contacts"]
    assert await listed(runtime, frozenset({"inbox:read"})) == []


def test_what_sends_or_destroys_asks_first() -> None:
    """By its name: whoever adds such an operation must add its preview."""
    dangerous = {"send", "schedule", "resume", "cancel", "delete", "test", "import", "undo"}
    for tool in TOOLS.values():
        for name, operation in tool.operations.items():
            if name in dangerous and tool.name != "webhooks":
                assert operation.kind is Kind.CONFIRM, (tool.name, name)
    assert TOOLS["webhooks"].operations["delete"].kind is Kind.CONFIRM


def test_parameters_have_native_names(runtime: Runtime) -> None:
    native = set(_names(create_api(runtime).openapi()))
    assert not {name for name in KNOWN if not {name, shown(name)} & native}


def test_what_a_service_must_be_given_can_be_given() -> None:
    for tool in TOOLS.values():
        for name, operation in tool.operations.items():
            taken = parameters_of(operation)
            names = {*taken.plain, taken.changes_of, taken.paged}
            signature = list(inspect.signature(operation.service).parameters.values())[2:]
            needed = {part.name for part in signature if part.default is part.empty}
            assert needed <= names, (tool.name, name)
            assert set(operation.required) <= set(taken.required), (tool.name, name)


def test_ids_are_told_by_their_noun() -> None:
    assert shown("campaign_uuid") == "campaign_id"
    assert shown("email") == "email"


def _names(document: object) -> list[str]:
    """Every name of a parameter or field in an OpenAPI document."""
    found: list[str] = []
    if isinstance(document, dict):
        parts = cast("dict[str, Any]", document)
        found += list(parts.get("properties") or ())
        if "in" in parts and isinstance(parts.get("name"), str):
            found.append(parts["name"])
        for part in parts.values():
            found += _names(part)
    elif isinstance(document, list):
        for part in cast("list[object]", document):
            found += _names(part)
    return found
