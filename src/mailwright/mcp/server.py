"""The MCP server: what assistants see of the tools, resources and prompts, through the SDK."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel.server import Server
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    GetPromptRequestParams,
    GetPromptResult,
    ListPromptsResult,
    ListResourcesResult,
    ListResourceTemplatesResult,
    ListToolsResult,
    PaginatedRequestParams,
    ReadResourceRequestParams,
    ReadResourceResult,
    TextContent,
    TextResourceContents,
    ToolAnnotations,
)
from mcp_types import Tool as ShownTool

from mailwright import __version__
from mailwright.errors import MailwrightError
from mailwright.mcp import prompts, resources
from mailwright.mcp.answers import as_json, problem
from mailwright.mcp.calls import call
from mailwright.mcp.operations import Kind, Tool
from mailwright.mcp.tools import TOOLS, description
from mailwright.services.caller import Caller
from mailwright.services.runtime import Runtime

log = structlog.get_logger()

Context = ServerRequestContext[Any, Any]
#: Who asks; raises Unauthenticated when the key has ended meanwhile.
CallerOf = Callable[[Context], Awaitable[Caller]]

_INSTRUCTIONS = """\
Mailwright sends newsletters and transactional mail. Each tool is a noun; give it an `operation`
and `params`. In a tool's list `name?` may be left out, `+fields` stands for any of its fields, and
`!` marks what sends or destroys: it answers with a preview and acts only when you call it again
with `confirm: true`, after the person agreed. A campaign's way: create, update, readiness, render,
test, then schedule or send, and report. Ids are UUIDs; times are ISO 8601."""


def create_server(runtime: Runtime, caller_of: CallerOf) -> Server[Any]:
    """The server. Everything it shows and does is what the caller's scopes open."""
    door = _Door(runtime, caller_of)
    return Server(
        "mailwright",
        version=__version__,
        title="Mailwright",
        instructions=_INSTRUCTIONS,
        on_list_tools=door.list_tools,
        on_call_tool=door.call_tool,
        on_list_resources=door.list_resources,
        on_list_resource_templates=door.list_resource_templates,
        on_read_resource=door.read_resource,
        on_list_prompts=door.list_prompts,
        on_get_prompt=door.get_prompt,
    )


class _Door:
    def __init__(self, runtime: Runtime, caller_of: CallerOf) -> None:
        self._runtime = runtime
        self._caller_of = caller_of

    async def list_tools(
        self, context: Context, _params: PaginatedRequestParams | None
    ) -> ListToolsResult:
        caller = await self._caller(context)
        shown = (_shown(tool, caller.granted) for tool in TOOLS.values())
        return ListToolsResult(tools=[tool for tool in shown if tool is not None])

    async def call_tool(self, context: Context, params: CallToolRequestParams) -> CallToolResult:
        try:
            caller = await self._caller_of(context)
            answer = await call(self._runtime, caller, params.name, params.arguments or {})
            return _said(answer)
        except MailwrightError as error:
            return _said(problem(error), is_error=True)
        except Exception as error:
            log.error("request_failed", tool=params.name[:100], exc_info=error)
            message = "Something went wrong on our side; it was logged."
            return _said(problem(MailwrightError(message)), is_error=True)

    async def list_resources(
        self, context: Context, _params: PaginatedRequestParams | None
    ) -> ListResourcesResult:
        caller = await self._caller(context)
        return ListResourcesResult(resources=await resources.newest(self._runtime, caller))

    async def list_resource_templates(
        self, _context: Context, _params: PaginatedRequestParams | None
    ) -> ListResourceTemplatesResult:
        return ListResourceTemplatesResult(resource_templates=resources.TEMPLATES)

    async def read_resource(
        self, context: Context, params: ReadResourceRequestParams
    ) -> ReadResourceResult:
        caller = await self._caller(context)
        uri = str(params.uri)
        try:
            found = await resources.read(self._runtime, caller, uri)
        except MailwrightError as error:
            raise MCPError(INVALID_PARAMS, error.message, {"uri": uri}) from None
        text = TextResourceContents(uri=uri, text=as_json(found), mime_type="application/json")
        return ReadResourceResult(contents=[text])

    async def list_prompts(
        self, _context: Context, _params: PaginatedRequestParams | None
    ) -> ListPromptsResult:
        return ListPromptsResult(prompts=prompts.PROMPTS)

    async def get_prompt(
        self, _context: Context, params: GetPromptRequestParams
    ) -> GetPromptResult:
        try:
            return prompts.written(params.name, params.arguments or {})
        except MailwrightError as error:
            raise MCPError(INVALID_PARAMS, error.message) from None

    async def _caller(self, context: Context) -> Caller:
        try:
            return await self._caller_of(context)
        except MailwrightError as error:
            raise MCPError(INVALID_PARAMS, error.message) from None


def _said(content: object, *, is_error: bool = False) -> CallToolResult:
    return CallToolResult(
        content=[TextContent(type="text", text=as_json(content))], is_error=is_error
    )


def _shown(tool: Tool, granted: frozenset[str]) -> ShownTool | None:
    """The tool as these scopes open it."""
    told = description(tool, granted)
    if told is None:
        return None
    allowed = tool.allowed(granted)
    kinds = {operation.kind for operation in allowed.values()}
    properties: dict[str, Any] = {
        "operation": {"type": "string", "enum": list(allowed)},
        "params": {"type": "object"},
    }
    if Kind.CONFIRM in kinds:
        confirm = "For operations marked !, after the person saw the preview."
        properties["confirm"] = {"type": "boolean", "description": confirm}
    return ShownTool(
        name=tool.name,
        description=told,
        input_schema={
            "type": "object",
            "properties": properties,
            "required": ["operation"],
            "additionalProperties": False,
        },
        annotations=ToolAnnotations(
            read_only_hint=kinds == {Kind.READ},
            destructive_hint=Kind.CONFIRM in kinds,
            open_world_hint=False,
        ),
    )
