"""Who asks, for which tenant, with which rights, through which door."""

from __future__ import annotations

from dataclasses import dataclass

from mailwright.domain import scopes
from mailwright.domain.doors import Door


@dataclass(frozen=True, slots=True)
class Caller:
    """Made by a door from a key, a token, a session or the shell; every service takes one."""

    tenant_id: int
    actor: str  # "key:<uuid>", "member:<uuid>", "cli", "engine"
    door: Door
    granted: frozenset[str]
    sandbox: bool = False  # an mw_test_ key: every mail goes to the inbox

    def require(self, scope: str) -> None:
        """Raises Forbidden naming the scope when it is not granted."""
        scopes.require(self.granted, scope)

    def may(self, scope: str) -> bool:
        """Whether the scope is granted, for what is shown only then."""
        return scopes.allows(self.granted, scope)
