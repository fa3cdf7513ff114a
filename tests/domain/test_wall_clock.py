"""Local times, also on the nights when clocks are changed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mailwright.domain.wall_clock import instant, parse_zone
from mailwright.errors import InvalidInput

MADRID = "Europe/Madrid"


@pytest.mark.checklist("M20")
@pytest.mark.parametrize(
    ("local", "utc"),
    [
        ("2026-10-24T09:00", "2026-10-24T07:00"),  # summer time
        ("2026-10-25T01:59", "2026-10-24T23:59"),
        ("2026-10-25T02:30", "2026-10-25T00:30"),  # comes twice: the first
        ("2026-10-25T03:00", "2026-10-25T02:00"),
        ("2026-10-25T09:00", "2026-10-25T08:00"),  # nine o'clock is nine o'clock
        ("2026-03-29T01:59", "2026-03-29T00:59"),
        ("2026-03-29T02:30", "2026-03-29T01:30"),  # never comes: 03:30 in summer time
        ("2026-03-29T03:00", "2026-03-29T01:00"),
    ],
)
def test_a_local_time_is_one_instant_on_every_day(local: str, utc: str) -> None:
    expected = datetime.fromisoformat(utc).replace(tzinfo=UTC)
    assert instant(datetime.fromisoformat(local), MADRID) == expected


@pytest.mark.checklist("U07")
def test_an_offset_needs_no_zone_and_is_changed_by_none() -> None:
    nine = datetime.fromisoformat("2026-10-25T09:00:00.000Z")
    assert instant(nine, MADRID) == instant(nine, None) == datetime(2026, 10, 25, 9, tzinfo=UTC)


def test_a_local_time_without_a_place_is_refused() -> None:
    with pytest.raises(InvalidInput) as refused:
        instant(datetime(2026, 10, 25, 9), None)  # noqa: DTZ001  # local time is the point
    assert "scheduled_at" in refused.value.details


@pytest.mark.checklist("M20")
@pytest.mark.parametrize(
    "name",
    ["Europe/Nowhere", "CET+1", "../../etc/passwd", "/etc/localtime", "", "Europe", "a/" * 80],
)
def test_a_zone_nobody_knows_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_zone(name)
    assert "timezone" in refused.value.details


@pytest.mark.checklist("M20")
@pytest.mark.parametrize("name", [MADRID, "America/Argentina/Buenos_Aires", "UTC"])
def test_iana_names_are_taken(name: str) -> None:
    assert parse_zone(name) == name
