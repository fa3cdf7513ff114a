"""What a tool can do: its operations as a table, each with its service, scope and guard."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from mailwright.domain import scopes
from mailwright.errors import InvalidInput

Service = Callable[..., Awaitable[Any]]


class Kind(StrEnum):
    """How far an operation goes."""

    READ = "read"  # changes nothing
    WRITE = "write"  # changes what can be changed back
    CONFIRM = "confirm"  # sends or destroys: a preview first, then `confirm: true`


@dataclass(frozen=True, slots=True)
class Operation:
    """One deed. Its parameters are those of `service`, behind the runtime and the caller.

    `about`: for the assistant, where the name does not say enough; `required`: fields of a set of
    changes that must be given; `preview`: takes what `service` takes and tells what would happen.
    """

    service: Service
    scope: str
    about: str = ""
    required: tuple[str, ...] = ()
    preview: Service | None = None

    @property
    def kind(self) -> Kind:
        """How far it goes."""
        if self.preview is not None:
            return Kind.CONFIRM
        return Kind.READ if self.scope.endswith(":read") else Kind.WRITE


@dataclass(frozen=True, slots=True, eq=False)
class Tool:
    """A noun and everything that can be done with it."""

    name: str
    about: str
    operations: Mapping[str, Operation]

    def allowed(self, granted: frozenset[str]) -> dict[str, Operation]:
        """The operations that these scopes open."""
        return {
            name: operation
            for name, operation in self.operations.items()
            if scopes.allows(granted, operation.scope)
        }

    def operation(self, name: str) -> Operation:
        """The operation of that name. Raises InvalidInput UNKNOWN_OPERATION with the known ones."""
        try:
            return self.operations[name]
        except KeyError:
            known = list(self.operations)
            raise InvalidInput(
                f"{self.name} has no operation {name[:100]!r}; it has: {', '.join(known)}.",
                code="UNKNOWN_OPERATION",
                details={"operations": known},
            ) from None
