"""One call of a tool: found, permitted, read, and carried out, or previewed until confirmed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from mailwright.errors import InvalidInput
from mailwright.mcp.answers import answer
from mailwright.mcp.operations import Tool
from mailwright.mcp.parameters import parameters_of
from mailwright.mcp.tools import TOOLS
from mailwright.services.caller import Caller
from mailwright.services.runtime import Runtime

_NEXT = (
    "Nothing has happened yet. Show this to the person; when they agree, call again with the "
    "same operation and params and `confirm: true`."
)
_ARGUMENTS = ("operation", "params", "confirm")


async def call(
    runtime: Runtime, caller: Caller, name: str, arguments: Mapping[str, Any]
) -> dict[str, Any]:
    """The answer of a tool to `{"operation", "params", "confirm"}`.

    An operation that sends or destroys answers with its `preview` and does nothing, unless
    `confirm` is true. Raises the errors of `mailwright.errors`.
    """
    tool = _tool(name)
    operation = tool.operation(_operation(tool, arguments))
    caller.require(operation.scope)
    given = parameters_of(operation).read(_params(arguments))
    if operation.preview is not None and arguments.get("confirm") is not True:
        return {"preview": await operation.preview(runtime, caller, **given), "next": _NEXT}
    return answer(await operation.service(runtime, caller, **given))


def _tool(name: str) -> Tool:
    if name not in TOOLS:
        raise InvalidInput(
            f"There is no tool {name[:100]!r}; there are: {', '.join(TOOLS)}.",
            code="UNKNOWN_TOOL",
            details={"tools": list(TOOLS)},
        )
    return TOOLS[name]


def _operation(tool: Tool, arguments: Mapping[str, Any]) -> str:
    unknown = [name for name in arguments if name not in _ARGUMENTS]
    if unknown:
        message = "There is no such argument; it belongs into `params`."
        raise InvalidInput.fields({name: [message] for name in unknown})
    found = arguments.get("operation")
    if not isinstance(found, str):
        known = ", ".join(tool.operations)
        raise InvalidInput.field("operation", f"Name the operation, one of: {known}.")
    return found


def _params(arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    found = arguments.get("params")
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise InvalidInput.field("params", "An object with the operation's parameters.")
    return cast("Mapping[str, Any]", found)
