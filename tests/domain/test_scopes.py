"""Scopes cover exactly what they name."""

import pytest

from mailwright.domain.scopes import (
    ALIASES,
    ALL,
    ROLE_SCOPES,
    SCOPES,
    Role,
    allows,
    parse_scopes,
    require,
)
from mailwright.errors import Forbidden, InvalidInput


def test_write_does_not_imply_read() -> None:
    assert not allows(frozenset({"campaigns:write"}), "campaigns:read")


def test_a_missing_scope_is_named() -> None:
    with pytest.raises(Forbidden) as refused:
        require(frozenset({"campaigns:read"}), "campaigns:write")
    assert refused.value.details == {"missing_scope": "campaigns:write"}


def test_the_star_covers_everything() -> None:
    assert all(allows(frozenset({ALL}), scope) for scope in SCOPES)


def test_unknown_and_absent_scopes_are_refused_by_name() -> None:
    with pytest.raises(InvalidInput, match="campaigns:fly"):
        parse_scopes(["campaigns:fly"])
    with pytest.raises(InvalidInput):
        parse_scopes([])


def test_a_viewer_writes_nothing_and_an_editor_administers_nothing() -> None:
    assert not any(scope.endswith(":write") for scope in ROLE_SCOPES[Role.VIEWER])
    assert "api-keys:write" not in ROLE_SCOPES[Role.EDITOR]
    assert "campaigns:write" in ROLE_SCOPES[Role.EDITOR]


def test_another_vendors_names_mean_ours() -> None:
    assert parse_scopes(["email:send", "webhooks:manage", "emails:write"]) == {
        "emails:write",
        "webhooks:read",
        "webhooks:write",
    }
    assert frozenset().union(*ALIASES.values()) <= SCOPES
    assert not SCOPES & ALIASES.keys()
