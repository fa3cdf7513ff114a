"""How pages write times, sizes and numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from jinja2 import Environment
from markupsafe import Markup

#: A merge tag with its name and its fallback, or a tag of logic.
_TAG = re.compile(
    r"""\{\{\s*(?P<name>[\w.]+)(?:\s*\|\s*default:\s*(?P<quote>["'])(?P<fallback>[^"']*)(?P=quote))?"""
    r"""[^{}]*\}\}|\{%[^{}]*%\}"""
)
_STEPS = ((60, "second"), (3600, "minute"), (86_400, "hour"))


def install(environment: Environment) -> None:
    """Gives templates the filters of this file."""
    filters: dict[str, Any] = environment.filters
    for named in (
        moment,
        wall_time,
        in_zone,
        last_day,
        utc_offset,
        readable,
        in_words,
        bare_address,
        number,
        counted,
        percent,
        size,
        duration,
    ):
        filters[named.__name__] = named


def moment(at: datetime | None) -> Markup:
    """A time as UTC text that the browser turns into the reader's own."""
    if at is None:
        return Markup("—")
    utc = at.astimezone(UTC)
    return Markup('<time datetime="{}">{}</time>').format(
        utc.strftime("%Y-%m-%dT%H:%M:%SZ"), utc.strftime("%-d %b %Y, %H:%M UTC")
    )


def wall_time(local: datetime) -> str:
    """What clocks and calendars show there and then: `Mon 30 Nov 2026, 09:00`."""
    return f"{local:%a %-d %b %Y, %H:%M}"


def in_zone(at: datetime, zone: str) -> str:
    """The same for an instant in a zone."""
    return wall_time(at.astimezone(ZoneInfo(zone)))


def last_day(end: datetime) -> str:
    """The last day in UTC of which a moment before `end` is part: `31 Jan 2027`."""
    return f"{end.astimezone(UTC) - timedelta(microseconds=1):%-d %b %Y}"


def utc_offset(local: datetime) -> str:
    """How far its clock is from UTC: `UTC+2`, `UTC−3:30`, `UTC`."""
    minutes = round((local.utcoffset() or timedelta()).total_seconds() / 60)
    if not minutes:
        return "UTC"
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'+' if minutes > 0 else '−'}{hours}{f':{rest:02}' if rest else ''}"


def readable(text: str) -> str:
    """A subject as its author thinks of it: a merge tag as its fallback, else by its name.

    `{{ contact.first_name | default: "Friend" }}, hello` is `Friend, hello`.
    """
    return " ".join(_TAG.sub(_stand_in, text).split())


def _stand_in(tag: re.Match[str]) -> str:
    if tag["name"] is None:
        return ""  # of logic nothing is seen
    if tag["fallback"] is not None:
        return tag["fallback"]
    return f"[{tag['name'].rpartition('.')[2].replace('_', ' ')}]"


def bare_address(url: str) -> str:
    """`shop.example/bread?a=b` of `https://shop.example/bread?a=b`: what tells links apart."""
    return url.removeprefix("https://").removeprefix("http://").removesuffix("/")


def in_words(value: object) -> str:
    """A detail as a person would write it: lists with commas, yes and no."""
    if isinstance(value, list | tuple):
        return ", ".join(in_words(one) for one in cast("Sequence[object]", value)) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value is None else str(value)


def number(value: float) -> str:
    """12,345"""
    return f"{value:,.0f}"


def counted(count: int, noun: str) -> str:
    """`1 click`, `2 clicks`, `12,345 clicks`."""
    return f"{number(count)} {noun}{'' if count == 1 else 's'}"


def percent(part: int, whole: int) -> str:
    """The share as `12.3 %`, `100 %`; a dash when there is nothing to share."""
    if not whole:
        return "—"
    return "100 %" if part == whole else f"{100 * part / whole:.1f} %"


def size(count: int) -> str:
    """Bytes as people read them."""
    if count < 1000:
        return f"{count} B"
    return f"{count / 1000:.1f} kB" if count < 1_000_000 else f"{count / 1_000_000:.1f} MB"


def duration(seconds: float) -> str:
    """`40 seconds`, `3 minutes`, `2 hours`: how long, roughly."""
    for limit, unit in _STEPS:
        if seconds < limit:
            count = max(1, round(seconds / (limit / 60 if unit != "hour" else 3600)))
            return f"{count} {unit}{'' if count == 1 else 's'}"
    days = round(seconds / 86_400)
    return f"{days} day{'' if days == 1 else 's'}"
