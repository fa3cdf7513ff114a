"""A line of text as CommonMark: marks, links and the characters that need escaping.

The hard part is emphasis. CommonMark decides by the neighbouring characters whether `**` opens,
closes or is text (spec 0.31, section 6.2), so `**foo,**bar` is not bold. Where a neighbour would
spoil a delimiter it is written as a character reference (`&#98;`), which is a letter to the reader
and punctuation to that rule.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from string import punctuation
from typing import Literal

from mailwright.mail.document import Node
from mailwright.mail.merge_tags import TAG

_PLAIN_MARKS = frozenset({"link", "bold", "italic"})
_ALWAYS_ESCAPED = frozenset("\\`*[]")
_ENTITY = re.compile(r"&(?=#?\w+;)")
_LIST_NUMBER = re.compile(r"(\d{1,9})([.)])(?=\s|$)")
_PLAIN_SPACE = " "
_NOTHING = "<!-- -->"


_Side = Literal["start", "end"]
_Class = Literal["space", "punctuation", "word", "other"]


@dataclass
class _Atom:
    """One character of text (`character` set) or one piece of markup, as it will be written."""

    written: str
    character: str = ""
    is_tag: bool = False

    @property
    def is_delimiter(self) -> bool:
        return not self.character and self.written.startswith(("*", "_"))

    def faces(self, side: _Side) -> _Class:
        """What the emphasis rule sees of this atom from its right or its left end."""
        facing = self.written[-1 if side == "end" else 0]
        if self.is_tag and facing in "{}":
            return "word"  # a letter to the parser, which never sees the tag
        if facing in " \n":
            return "space"
        if facing in punctuation:
            return "punctuation"
        return "word" if facing.isalnum() else "other"


def inline_markdown(content: Sequence[Node], *, in_heading: bool = False) -> str:
    """Text, marks and breaks as Markdown; in a heading, which is one line, breaks are blanks."""
    atoms = _with_stars_where_safe(_marked(_runs(content, in_heading=in_heading)))
    _guard_delimiters(atoms)
    _guard_lines(atoms, in_heading=in_heading)
    return "".join(atom.written for atom in atoms)


_Run = tuple[str, dict[str, str]]


def _runs(content: Sequence[Node], *, in_heading: bool) -> list[_Run]:
    """The text with the marks Markdown knows; neighbours that became equal are joined."""
    runs: list[_Run] = []
    trimmed = list(content)
    while trimmed and trimmed[-1]["type"] == "hardBreak":
        trimmed.pop()
    while trimmed and trimmed[0]["type"] == "hardBreak":
        trimmed.pop(0)
    for node in trimmed:
        if node["type"] == "hardBreak":
            runs.append((" " if in_heading else "", {}))
            continue
        marks = {
            mark["type"]: mark.get("attrs", {}).get("href", "yes")
            for mark in node.get("marks", ())
            if mark["type"] in _PLAIN_MARKS
        }
        if runs and runs[-1][0] and runs[-1][1] == marks:
            runs[-1] = (runs[-1][0] + node["text"], marks)
        else:
            runs.append((node["text"], marks))
    return runs


def _marked(runs: list[_Run]) -> list[_Atom]:
    """The runs with their marks, the one that reaches furthest outside."""
    atoms: list[_Atom] = []
    start = 0
    while start < len(runs):
        text, marks = runs[start]
        if not marks:
            atoms += _characters(text)
            start += 1
            continue
        kind, end = max(((k, _reach(runs, start, k)) for k in marks), key=_outermost)
        inner = [(t, {k: v for k, v in m.items() if k != kind}) for t, m in runs[start:end]]
        atoms += _wrapped(kind, marks[kind], _marked(inner), atoms)
        start = end
    return atoms


def _reach(runs: list[_Run], start: int, kind: str) -> int:
    """Where the mark that begins at `start` ends."""
    value = runs[start][1][kind]
    end = start
    while end < len(runs) and runs[end][1].get(kind) == value:
        end += 1
    return end


def _outermost(candidate: tuple[str, int]) -> tuple[int, int]:
    kind, end = candidate
    return end, ("italic", "bold", "link").index(kind)


def _wrapped(kind: str, value: str, inner: list[_Atom], before: list[_Atom]) -> list[_Atom]:
    if kind != "link":
        delimiter = "**" if kind == "bold" else "_"
        return [_Atom(delimiter), *inner, _Atom(delimiter)]
    if before and before[-1].character == "!":
        before[-1].written = "\\!"
    return [_Atom("["), *inner, _Atom(f"]({destination(value)})")]


def _with_stars_where_safe(atoms: list[_Atom]) -> list[_Atom]:
    """Italic as `*like this*`, the common form, unless a `*` stands next to either end."""
    ends = [i for i, atom in enumerate(atoms) if atom.written == "_" and not atom.character]
    for left, right in zip(ends[::2], ends[1::2], strict=True):
        neighbours = (left - 1, left + 1, right - 1, right + 1)
        around = [atoms[i] for i in neighbours if 0 <= i < len(atoms)]
        if not any(atom.is_delimiter for atom in around):
            atoms[left] = _Atom("*")
            atoms[right] = _Atom("*")
    return atoms


def _characters(text: str) -> list[_Atom]:
    if not text:  # a hard break
        return [_Atom("\\\n")]
    atoms: list[_Atom] = []
    end = 0
    for tag in TAG.finditer(text):
        atoms += _escaped(text[end : tag.start()])
        atoms.append(_Atom(tag.group(), is_tag=True))
        end = tag.end()
    return atoms + _escaped(text[end:])


def _escaped(text: str) -> list[_Atom]:
    return [
        _Atom(_escape(c, text[i - 1] if i else "", text[i + 1] if i + 1 < len(text) else ""), c)
        for i, c in enumerate(text)
    ]


def _escape(character: str, before: str, after: str) -> str:
    """This character as Markdown text, seen between its neighbours in the same run."""
    match character:
        case "_":
            within_word = before.isalnum() and after.isalnum()
            return "_" if within_word else "\\_"
        case "<" | "&":
            return character if after == _PLAIN_SPACE else f"\\{character}"
        case "~":
            return "\\~" if "~" in (before, after) else "~"
        case "{" | "%":
            return f"\\{character}" if before == "{" else character  # not the start of a tag
        case c if c in _ALWAYS_ESCAPED:
            return f"\\{c}"
        case c if c != _PLAIN_SPACE and c.isspace():
            return _reference(c)
        case c:
            return c


def _reference(character: str) -> str:
    return f"&#{ord(character)};"


def _guard_delimiters(atoms: list[_Atom]) -> None:
    """Writes as references those characters beside a delimiter that would change its meaning.

    A reference is punctuation, which may in turn change the meaning of the delimiter on its other
    side: so again until nothing changes. Each pass only adds references.
    """
    delimiters: list[tuple[int, bool]] = []
    is_open = {"**": False, "*": False}
    for i, atom in enumerate(atoms):
        if atom.is_delimiter:
            kind = "**" if atom.written == "**" else "*"
            is_open[kind] = not is_open[kind]
            delimiters.append((i, is_open[kind]))
    while sum(_guard_one(atoms, i, opening=opening) for i, opening in delimiters):
        pass


def _guard_one(atoms: list[_Atom], i: int, *, opening: bool) -> bool:
    """Whether something beside this delimiter had to be written otherwise."""
    inner, outer = (i + 1, i - 1) if opening else (i - 1, i + 1)
    inside = atoms[inner].faces("start" if opening else "end")
    if inside in ("space", "other"):  # in either case text: breaks and marks are not put inside
        atoms[inner].written = _reference(atoms[inner].character)
        return True
    if inside == "word" and atoms[i].written != "_":
        return False
    if not 0 <= outer < len(atoms):
        return False
    outside = atoms[outer]
    if outside.faces("end" if opening else "start") in ("space", "punctuation"):
        return False
    if outside.is_tag:  # cannot be written otherwise: an empty comment parts it from the delimiter
        outside.written = f"{outside.written}{_NOTHING}" if opening else _NOTHING + outside.written
    else:
        outside.written = _reference(outside.character)
    return True


def _guard_lines(atoms: list[_Atom], *, in_heading: bool) -> None:
    """Escapes what would begin another block at a line's start, and blanks at its ends."""
    starts = [0, *(i + 1 for i, atom in enumerate(atoms) if atom.written == "\\\n")]
    ends = [*(start - 1 for start in starts[1:]), len(atoms)]
    for start, end in zip(starts, ends, strict=True):
        _guard_line(atoms[start:end])
    if in_heading:
        for atom in atoms:
            if atom.character == "#" and atom.written == "#":
                atom.written = "\\#"


def _guard_line(line: list[_Atom]) -> None:
    for ordered in (line, line[::-1]):
        for atom in ordered:
            if atom.character != _PLAIN_SPACE:
                break
            atom.written = _reference(_PLAIN_SPACE)
    if not line or line[0].written != line[0].character:
        return
    if line[0].character in "#>+-=|:~":
        line[0].written = f"\\{line[0].character}"
    text = "".join(atom.character or "\0" for atom in line[:11])
    if number := _LIST_NUMBER.match(text):
        dot = line[number.end(1)]
        dot.written = f"\\{dot.character}"


def destination(address: str) -> str:
    """An address as it stands between the parentheses of a link; merge tags stay."""
    parts: list[str] = []
    end = 0
    for tag in TAG.finditer(address):
        parts += [_escaped_address(address[end : tag.start()]), tag.group()]
        end = tag.end()
    return "".join((*parts, _escaped_address(address[end:])))


def _escaped_address(address: str) -> str:
    return _ENTITY.sub(r"\\&", re.sub(r"[()\\]", r"\\\g<0>", address))


def quoted(title: str) -> str:
    """A title as it stands between double quotes."""
    parts = TAG.split(title)
    tags = TAG.findall(title)
    escaped = [re.sub(r'["\\&]', r"\\\g<0>", part).replace("{{", "{\\{") for part in parts]
    return "".join(p + t for p, t in zip(escaped, [*tags, ""], strict=True))
