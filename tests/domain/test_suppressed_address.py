"""Addresses and patterns that can be suppressed."""

from __future__ import annotations

import pytest

from mailwright.domain.suppressed_address import is_pattern, parse_suppressed, stopped_by
from mailwright.errors import InvalidInput


@pytest.mark.parametrize(
    ("given", "key", "is_many"),
    [
        ("Ada@Example.COM", "ada@example.com", False),
        ("*@Example.COM", "*@example.com", True),
        ("*@bücher.example", "*@xn--bcher-kva.example", True),
        (" NoReply@* ", "noreply@*", True),
    ],
)
def test_an_address_a_domain_or_a_name_is_taken(given: str, key: str, is_many: bool) -> None:
    assert parse_suppressed(given) == key
    assert is_pattern(key) is is_many


@pytest.mark.parametrize(
    "given", ["", "*", "*@*", "@*", "*@", "a*b@example.com", "*@exa*mple.com", "*@com", "x y@*"]
)
def test_what_would_stop_nobody_or_everybody_is_refused(given: str) -> None:
    with pytest.raises(InvalidInput):
        parse_suppressed(given)


def test_an_address_is_stopped_by_its_own_key_and_two_patterns() -> None:
    assert stopped_by("ada@example.com") == ("ada@example.com", "*@example.com", "ada@*")
