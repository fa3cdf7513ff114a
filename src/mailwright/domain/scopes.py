"""Rights: what an API key or a member's role may do.

A scope is `noun:read` or `noun:write`; `*` is everything. Write does not imply read, so that a key
can be made that only writes (MailingCore's checklist M05 relies on it).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

from mailwright.errors import Forbidden, InvalidInput

NOUNS = (
    "account",
    "api-keys",
    "audit-log",
    "campaigns",
    "contacts",
    "custom-fields",
    "domains",
    "emails",
    "events",
    "exports",
    "imports",
    "inbox",
    "lists",
    "members",
    "projects",
    "reports",
    "segments",
    "senders",
    "suppressions",
    "templates",
    "webhooks",
)
ALL = "*"
SCOPES = frozenset({ALL, *(f"{noun}:{right}" for noun in NOUNS for right in ("read", "write"))})


#: Other vendors' names of rights, taken wherever a key is made; a key shows ours.
ALIASES: Mapping[str, frozenset[str]] = {  # MailingCore's (vendors.md 2.3)
    "email:send": frozenset({"emails:write"}),
    "email:read": frozenset({"emails:read"}),
    "webhooks:manage": frozenset({"webhooks:read", "webhooks:write"}),
}


class Role(StrEnum):
    """What a member may do in a tenant."""

    OWNER = "owner"  # everything
    ADMIN = "admin"  # everything but giving away ownership
    EDITOR = "editor"  # contents, contacts and campaigns; not keys, members or transports
    VIEWER = "viewer"  # reads


_ADMINISTRATION = {
    "account",
    "api-keys",
    "audit-log",
    "domains",
    "members",
    "projects",
    "webhooks",
}

ROLE_SCOPES: dict[Role, frozenset[str]] = {
    Role.OWNER: frozenset({ALL}),
    Role.ADMIN: frozenset({ALL}),
    Role.EDITOR: frozenset(
        {f"{noun}:read" for noun in NOUNS}
        | {f"{noun}:write" for noun in NOUNS if noun not in _ADMINISTRATION}
    ),
    Role.VIEWER: frozenset(f"{noun}:read" for noun in NOUNS),
}


def allows(granted: frozenset[str], needed: str) -> bool:
    """Whether `granted` covers the scope `needed`."""
    return needed in granted or ALL in granted


def require(granted: frozenset[str], needed: str) -> None:
    """Raises Forbidden naming the missing scope."""
    if not allows(granted, needed):
        raise Forbidden(
            f"This needs the scope {needed}, which the key or member does not have.",
            details={"missing_scope": needed},
        )


def parse_scopes(scopes: Iterable[str]) -> frozenset[str]:
    """The scopes as a set, in our names. Raises InvalidInput naming the ones nobody knows."""
    ours = (ALIASES.get(scope, {scope}) for scope in scopes)
    found = frozenset(scope for each in ours for scope in each)
    unknown = sorted(found - SCOPES)
    if unknown:
        raise InvalidInput.field("scopes", f"Unknown scopes: {', '.join(unknown)}.")
    if not found:
        raise InvalidInput.field("scopes", "Give at least one scope.")
    return found
