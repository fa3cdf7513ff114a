"""One number for an address, whichever variant of a text it stands in."""

from __future__ import annotations

from mailwright.mail.link_numbers import numbered


def test_variants_share_the_numbers_of_the_addresses_they_share() -> None:
    addresses, numbers = numbered([["a", "b", "a"], ["b", "c"], ["a", "a", "a"]])
    assert addresses == ("a", "b", "a", "c", "a")
    assert numbers == [(0, 1, 2), (1, 3), (0, 2, 4)]
