"""Writes `dialects/cakemail/SUPPORT.md`: every operation of Cakemail's document, answered or not.

It is read from the routes, so it cannot promise more than there is. Run it as
`python -m tests.dialects.cakemail.sheet` (`make sheet`); a test compares the file with the routes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from starlette.routing import BaseRoute, Route

from mailwright.dialects import cakemail
from mailwright.dialects.cakemail.application import ROUTERS
from mailwright.dialects.cakemail.unserved import UNSERVED
from tests.dialects.cakemail.document import DEVIATIONS, document

SHEET = Path(cakemail.__file__).with_name("SUPPORT.md")
_METHODS = ("get", "post", "put", "patch", "delete")

_HEAD = """\
# What of Cakemail's API is answered

Made by `make sheet` from the routes; do not edit. {total} operations are in Cakemail's published
document: {answered} are answered, each called in a test and its answer held against the document;
{refused} are refused with 501 in Cakemail's error form, each with the reason that stands here.
"""
_BESIDES = """
## Beside the document

Cakemail's own program and its guides use these, which the document does not have:

{rows}
"""
_DEVIATIONS = """
## Where an answer differs

{rows}
"""


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the document; `refused`: why it has no answer."""

    name: str  # `GET /lists/{list_id}`
    group: str
    answered: bool
    refused: str | None


def operations() -> list[Operation]:
    """Every operation of the document, in its order."""
    served = {_shape(name) for name in routes()}
    reasons = {_shape(name): why for why, names in UNSERVED.items() for name in names}
    found: list[Operation] = []
    for path, methods in document()["paths"].items():
        for method in _METHODS:
            if method in methods:
                name = f"{method.upper()} {path}"
                shape = _shape(name)
                group = str(methods[method]["tags"][0])
                found.append(Operation(name, group, shape in served, reasons.get(shape)))
    return found


def routes() -> list[str]:
    """Every route of the dialect that is more than a refusal, `GET /lists/{list_id}`."""
    return [name for router in ROUTERS for name in _names(router.routes)]


def _names(found: list[BaseRoute]) -> Iterator[str]:
    for route in found:
        if isinstance(route, Route):
            yield from (
                f"{method} {route.path}" for method in route.methods or () if method != "HEAD"
            )


def _shape(name: str) -> str:
    """The operation without the names of its parameters."""
    return re.sub(r"\{[^}]+\}", "{}", name)


def page() -> str:
    """The sheet as Markdown."""
    found = operations()
    answered = sum(operation.answered for operation in found)
    refused = sum(not operation.answered and operation.refused is not None for operation in found)
    parts = [_HEAD.format(total=len(found), answered=answered, refused=refused)]
    for group in dict.fromkeys(operation.group for operation in found):
        rows = [_row(operation) for operation in found if operation.group == group]
        parts.append("\n".join(["", f"## {group}", "", "| Operation | |", "|---|---|", *rows, ""]))
    known = {_shape(operation.name) for operation in found}
    besides = [name for name in routes() if _shape(name) not in known]
    besides.sort(key=lambda name: name.split()[::-1])
    rows = [f"- `{name}`" for name in besides]
    parts.append(_BESIDES.format(rows="\n".join(rows) or "None."))
    deviations = [f"- `{name}`, `{place}`: {why}" for (name, place), why in DEVIATIONS.items()]
    parts.append(_DEVIATIONS.format(rows="\n".join(deviations) or "Nowhere."))
    return "".join(parts)


def _row(operation: Operation) -> str:
    if operation.answered:
        return f"| `{operation.name}` | answered |"
    return f"| `{operation.name}` | {operation.refused or 'not there'} |"


def main() -> None:
    """Writes the sheet."""
    SHEET.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
