"""What a `User-Agent` says: a system, a program, a kind of machine. A guess from known marks.

Nothing is decided by it; logs show it to people who want to know how their mail is read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class UserAgent:
    """Empty where nothing is known. `device`: `pc`, `mobile` or `tablet`."""

    system: str = ""
    system_version: str = ""
    program: str = ""
    program_version: str = ""
    device: str = ""
    brand: str = ""


_VERSION = r"[ /]?([\d._]+)?"

#: (name, mark) in the order in which they are looked for: copies name what they copy.
_SYSTEMS = (
    ("iOS", re.compile(r"(?:iPhone|iPad|iPod).*?OS" + _VERSION)),
    ("Android", re.compile(r"Android" + _VERSION)),
    ("Windows", re.compile(r"Windows NT" + _VERSION)),
    ("Mac OS X", re.compile(r"Mac OS X" + _VERSION)),
    ("Chrome OS", re.compile(r"CrOS \w+" + _VERSION)),
    ("Linux", re.compile(r"Linux()")),
)
_PROGRAMS = (
    ("Thunderbird", re.compile(r"Thunderbird" + _VERSION)),
    ("Outlook", re.compile(r"(?:Microsoft Outlook|Outlook-iOS|Outlook)" + _VERSION)),
    ("Gmail image proxy", re.compile(r"GoogleImageProxy()")),
    ("Yahoo image proxy", re.compile(r"YahooMailProxy()")),
    ("Edge", re.compile(r"Edg(?:e|A|iOS)?" + _VERSION)),
    ("Opera", re.compile(r"OPR" + _VERSION)),
    ("Samsung Internet", re.compile(r"SamsungBrowser" + _VERSION)),
    ("Firefox", re.compile(r"(?:Firefox|FxiOS)" + _VERSION)),
    ("Chrome", re.compile(r"(?:Chrome|CriOS)" + _VERSION)),
    ("Safari", re.compile(r"Version/([\d.]+).*Safari")),
    ("Apple Mail", re.compile(r"AppleWebKit" + _VERSION + r" \(KHTML, like Gecko\)(?!.*Safari)")),
    ("curl", re.compile(r"curl" + _VERSION)),
)
_TABLET = re.compile(r"iPad|Tablet|Android(?!.*Mobile)")
_MOBILE = re.compile(r"iPhone|iPod|Mobile|Android")
_BRANDS = (
    ("Apple", re.compile(r"iPhone|iPad|iPod|Macintosh")),
    ("Samsung", re.compile(r"SM-|Samsung")),
    ("Google", re.compile(r"Pixel")),
)


@lru_cache(maxsize=4096)
def read_user_agent(text: str) -> UserAgent:
    """What the header says."""
    system, system_version = _found(_SYSTEMS, text)
    program, program_version = _found(_PROGRAMS, text)
    device = ""
    if system:
        device = "tablet" if _TABLET.search(text) else "mobile" if _MOBILE.search(text) else "pc"
    brand = next((name for name, mark in _BRANDS if mark.search(text)), "")
    return UserAgent(system, system_version, program, program_version, device, brand)


def _found(marks: tuple[tuple[str, re.Pattern[str]], ...], text: str) -> tuple[str, str]:
    for name, mark in marks:
        match = mark.search(text)
        if match is not None:
            return name, (match[1] or "").replace("_", ".")
    return "", ""
