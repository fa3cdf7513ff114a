"""A template that renders to quoted-printable bytes, its literals encoded once for all recipients.

Each literal and each value is encoded by itself and ends with a soft line break, which decodes to
nothing (RFC 2045 section 6.7, rule 5); so a 20 KB body costs the encoding of its values only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Protocol

from mailwright.mail.charsets import fits
from mailwright.mail.merge import CLEANERS, Escape, Lookup, compile_template, fill, plain_segments
from mailwright.mail.mime import UTF_8, quoted_printable

_SOFT_BREAK = b"=\r\n"
# Values that are their own encoding but for soft breaks: single spaces, nothing to escape, and no
# dot or "From " where a line begins. Names, addresses and tracked links are.
_PLAIN_LINE = re.compile(r"(?![.F])[!-<>-~]+(?: [!-<>-~]+)*")
_LONG_WORD = re.compile(r"[!-<>-~]+")
_UNSAFE_START = b".F"
_LINE_CHARACTERS = 70


class PartTemplate(Protocol):
    """A source compiled for one body part."""

    def part(self, values: Mapping[str, Any]) -> tuple[bytes, str]:
        """The encoded part for these values, and its charset."""
        ...


def part_template(source: str, escape: Escape, charset: str) -> PartTemplate:
    """The template of a part that goes out in `charset`, a MIME name."""
    if charset == UTF_8:
        return EncodedTemplate(source, escape)
    return _CharsetTemplate(source, escape, charset)


class EncodedTemplate:
    """A source compiled for one kind of body part."""

    __slots__ = ("_clean", "_filled", "_pieces", "_template")

    def __init__(self, source: str, escape: Escape) -> None:
        self._clean = CLEANERS[escape]
        self._pieces: list[bytes] = []
        self._filled: list[tuple[int, Lookup]] = []
        self._template = None
        segments = plain_segments(source)
        if segments is None:
            self._template = compile_template(source, escape=escape)
            return
        for segment in segments:
            if isinstance(segment, Lookup):
                self._filled.append((len(self._pieces), segment))
                self._pieces.append(b"")
            else:
                self._pieces.append(_encoded(segment))
        if not self._filled:
            self._pieces = [b"".join(self._pieces).removesuffix(_SOFT_BREAK)]

    def part(self, values: Mapping[str, Any]) -> tuple[bytes, str]:
        """The encoded part for these values, and its charset."""
        return self.render(values), UTF_8

    def render(self, values: Mapping[str, Any]) -> bytes:
        """The encoded text for these values (see `merge.values_for`).

        Raises InvalidInput with code TEMPLATE_RENDER_FAILED when a limit is reached.
        """
        if self._template is not None:
            return quoted_printable(self._template.render(values))
        if not self._filled:
            return self._pieces[0]
        pieces = self._pieces.copy()
        for index, lookup in self._filled:
            pieces[index] = _encoded(fill(lookup, values, self._clean))
        return b"".join(pieces).removesuffix(_SOFT_BREAK)


class _CharsetTemplate:
    """A source for a charset other than utf-8: rarely asked for, so rendered as a whole.

    HTML says characters that the charset lacks by their number; a text that needs one is in utf-8.
    """

    def __init__(self, source: str, escape: Escape, charset: str) -> None:
        self._template = compile_template(source, escape=escape)
        self._escape = escape
        self._charset = charset

    def part(self, values: Mapping[str, Any]) -> tuple[bytes, str]:
        text = self._template.render(values)
        if self._escape == "html":
            text = text.encode(self._charset, "xmlcharrefreplace").decode(self._charset)
        if not fits(text, self._charset):
            return quoted_printable(text), UTF_8
        return quoted_printable(text, self._charset), self._charset


def _encoded(text: str) -> bytes:
    if not text:
        return b""
    if len(text) <= _LINE_CHARACTERS and _PLAIN_LINE.fullmatch(text):
        return text.encode("ascii") + _SOFT_BREAK
    if _LONG_WORD.fullmatch(text):
        raw = text.encode("ascii")
        lines = [raw[i : i + _LINE_CHARACTERS] for i in range(0, len(raw), _LINE_CHARACTERS)]
        if not any(line[0] in _UNSAFE_START for line in lines):
            return _SOFT_BREAK.join(lines) + _SOFT_BREAK
    encoded = quoted_printable(text)
    return encoded if encoded.endswith(b"\n") else encoded + _SOFT_BREAK
