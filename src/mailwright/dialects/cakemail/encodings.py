"""The character sets that Cakemail's document names. Campaigns leave in UTF-8, which holds all."""

from __future__ import annotations

from typing import Literal, TypeAlias

# fmt: off
Encoding: TypeAlias = Literal[
    "utf-8", "armscii-8", "ascii", "big-5", "cp51932", "cp866", "cp936", "euc-cn", "euc-jp",
    "eucjp-win", "euc-kr", "euc-tw", "hz", "iso-2022-jp", "iso-2022-jp-ms", "iso-2022-kr",
    "iso-8859-1", "iso-8859-10", "iso-8859-13", "iso-8859-14", "iso-8859-15", "iso-8859-16",
    "iso-8859-2", "iso-8859-3", "iso-8859-4", "iso-8859-5", "iso-8859-6", "iso-8859-7",
    "iso-8859-8", "iso-8859-9", "jis", "koi8-r", "sjis", "sjis-win", "uhc", "windows-1251",
    "windows-1252",
]
# fmt: on
