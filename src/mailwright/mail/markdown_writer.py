"""Markdown out: a document as CommonMark that reads back as the same document.

Plain documents survive exactly. Rich ones are approximated: a button becomes a link, columns
follow each other, a social row becomes a line of links, colours and fonts are lost; a countdown and
a spacer have no Markdown form.

The hard part is emphasis. CommonMark decides by the neighbouring characters whether `**` opens,
closes or is text (spec 0.31, section 6.2), so `**foo,**bar` is not bold. Where a neighbour would
spoil a delimiter it is written as a character reference (`&#98;`), which is a letter to the reader
and punctuation to that rule.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from string import punctuation
from typing import Any

from mailwright.mail.document import Document, Node
from mailwright.mail.document_attributes import SOCIAL_NETWORKS
from mailwright.mail.merge_tags import TAG

_PLAIN_MARKS = frozenset({"link", "bold", "italic"})
_ALWAYS_ESCAPED = frozenset("\\`*[]")
_ENTITY = re.compile(r"&(?=#?\w+;)")
_LIST_NUMBER = re.compile(r"(\d{1,9})([.)])(?=\s|$)")
_PLAIN_SPACE = " "
_NOTHING = "<!-- -->"


def to_markdown(document: Document | None) -> str | None:
    """The document as Markdown, or None when nothing in it has a Markdown form."""
    if document is None:
        return None
    text = _blocks(document.get("content", ()), _Place())
    return text or None


@dataclass(frozen=True)
class _Place:
    """Where a block stands: in an item (and whether first there, after which bullet)."""

    in_item: bool = False
    first_after_bullet: str = ""


def _blocks(nodes: Iterable[Node], place: _Place) -> str:
    written: list[str] = []
    previous: Node | None = None
    alternate = False
    for node in nodes:
        # Two lists in a row would read as one; a different sign keeps them apart.
        alternate = (
            not alternate if previous is not None and previous["type"] == node["type"] else False
        )
        text = _block(node, place, alternate=alternate)
        if text is None:
            continue
        written.append(text)
        previous = node
        place = _Place(in_item=place.in_item)
    return "\n\n".join(written)


def _block(node: Node, place: _Place, *, alternate: bool) -> str | None:
    if node["type"] in ("bulletList", "orderedList"):
        return _list(node, place, alternate=alternate)
    write = _WRITERS.get(node["type"])
    return write(node, place) if write else None


def _paragraph(node: Node, place: _Place) -> str | None:
    return _inline(node.get("content", ())) or ("" if place.in_item else None)


def _heading(node: Node, _: _Place) -> str:
    text = _inline(node.get("content", ()), in_heading=True)
    return f"{'#' * node['attrs']['level']} {text}".rstrip(" ")


def _quote(node: Node, _: _Place) -> str:
    return _prefixed(_blocks(node["content"], _Place(in_item=True)), "> ", "> ")


def _rule(_: Node, place: _Place) -> str:
    return "___" if place.in_item else "---"  # `- ---` would be a rule, not an item


def _columns(node: Node, _: _Place) -> str | None:
    return _blocks(node.get("content", ()), _Place()) or None


def _button(node: Node, _: _Place) -> str:
    return _link_to(node["attrs"]["href"], node["attrs"]["text"])


def _social(node: Node, _: _Place) -> str:
    links: list[dict[str, str]] = node["attrs"]["links"]
    return " · ".join(_link_to(ln["href"], SOCIAL_NETWORKS[ln["network"]]) for ln in links)


# ---- lists, quotes, code -------------------------------------------------------------------------


def _list(node: Node, place: _Place, *, alternate: bool) -> str:
    items: list[Node] = node["content"]
    first = node.get("attrs", {}).get("start", 1)
    numbered = node["type"] == "orderedList"
    bullet = "+" if alternate else ("*" if place.first_after_bullet == "-" else "-")
    lines: list[str] = []
    loose = not all(_is_tight(item) for item in items)
    for i, item in enumerate(items):
        sign = f"{first + i}{')' if alternate else '.'}" if numbered else bullet
        lines.append(_item(item, sign))
    return ("\n\n" if loose else "\n").join(lines)


def _item(item: Node, sign: str) -> str:
    nested = _Place(in_item=True, first_after_bullet=sign)
    content: list[Node] = item["content"]
    if _is_tight(item) and len(content) == 2:
        text = "\n".join((_blocks(content[:1], nested), _blocks(content[1:], _Place(in_item=True))))
    else:
        text = _blocks(content, nested)
    return _prefixed(text, f"{sign} ", " " * (len(sign) + 1))


def _is_tight(item: Node) -> bool:
    """One paragraph, or one with a list below it that may follow without a blank line."""
    content: list[Node] = item["content"]
    if content[0]["type"] != "paragraph" or not content[0].get("content"):
        return len(content) == 1
    if len(content) == 1:
        return True
    below = content[1]
    return (
        len(content) == 2
        and below["type"] in ("bulletList", "orderedList")
        and below.get("attrs", {}).get("start", 1) == 1  # others cannot follow a paragraph's line
        and bool(below["content"][0]["content"][0].get("content"))  # nor can an empty item
        and below["content"][0]["content"][0]["type"] == "paragraph"
    )


def _prefixed(text: str, first: str, others: str) -> str:
    lines = text.split("\n")
    return "\n".join(
        ((first if i == 0 else others) + line).rstrip(" ")
        if not line
        else (first if i == 0 else others) + line
        for i, line in enumerate(lines)
    )


def _code(node: Node, _: _Place) -> str:
    language = node.get("attrs", {}).get("language", "")
    text = "".join(n["text"] for n in node.get("content", ()))
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"


# ---- links and images ----------------------------------------------------------------------------


def _image(node: Node, _: _Place) -> str:
    attributes: dict[str, Any] = node["attrs"]
    alt = _inline([{"type": "text", "text": attributes["alt"]}]) if attributes.get("alt") else ""
    title = f' "{_quoted(attributes["title"])}"' if attributes.get("title") else ""
    image = f"![{alt}]({_destination(attributes['src'])}{title})"
    href = attributes.get("href")
    return f"[{image}]({_destination(href)})" if href else image


def _link_to(href: str, text: str) -> str:
    return f"[{_inline([{'type': 'text', 'text': text}])}]({_destination(href)})"


def _destination(address: str) -> str:
    parts: list[str] = []
    end = 0
    for tag in TAG.finditer(address):
        parts += [_escaped_address(address[end : tag.start()]), tag.group()]
        end = tag.end()
    return "".join((*parts, _escaped_address(address[end:])))


def _escaped_address(address: str) -> str:
    return _ENTITY.sub(r"\\&", re.sub(r"[()\\]", r"\\\g<0>", address))


def _quoted(title: str) -> str:
    parts = TAG.split(title)
    tags = TAG.findall(title)
    escaped = [re.sub(r'["\\&]', r"\\\g<0>", part).replace("{{", "{\\{") for part in parts]
    return "".join(p + t for p, t in zip(escaped, [*tags, ""], strict=True))


# ---- text ----------------------------------------------------------------------------------------


@dataclass
class _Atom:
    """One character of text (`character` set) or one piece of markup, as it will be written."""

    written: str
    character: str = ""
    is_tag: bool = False

    @property
    def is_delimiter(self) -> bool:
        return not self.character and self.written.startswith(("*", "_"))

    @property
    def is_word(self) -> bool:
        """Whether the emphasis rule takes it for a letter; a merge tag is one to the parser."""
        return self.character.isalnum() or self.is_tag

    @property
    def is_punctuation(self) -> bool:
        """ASCII only: which other signs count differs between versions of the rule."""
        return bool(self.character) and self.character in punctuation


def _inline(content: Sequence[Node], *, in_heading: bool = False) -> str:
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
    return [_Atom("["), *inner, _Atom(f"]({_destination(value)})")]


def _with_stars_where_safe(atoms: list[_Atom]) -> list[_Atom]:
    """Italic as `*like this*`, the common form, unless a `*` stands next to either end."""
    ends = [i for i, atom in enumerate(atoms) if atom.written == "_" and not atom.character]
    for left, right in zip(ends[::2], ends[1::2], strict=True):
        around = [atoms[i] for i in (left - 1, right + 1) if 0 <= i < len(atoms)]
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
    """Writes as references those characters beside a delimiter that would change its meaning."""
    opening = True
    italic_open = False
    for i, atom in enumerate(atoms):
        if not atom.is_delimiter:
            continue
        if atom.written == "**":
            opening, bold = (not _open_before(atoms, i)), True
        else:
            opening, bold = (not italic_open), False
            italic_open = not italic_open
        _guard_one(atoms, i, opening=opening, bold=bold)


def _open_before(atoms: list[_Atom], index: int) -> bool:
    return sum(1 for a in atoms[:index] if a.is_delimiter and a.written == "**") % 2 == 1


def _guard_one(atoms: list[_Atom], i: int, *, opening: bool, bold: bool) -> None:
    inner, outer = (i + 1, i - 1) if opening else (i - 1, i + 1)
    inside = atoms[inner] if 0 <= inner < len(atoms) else None
    outside = atoms[outer] if 0 <= outer < len(atoms) else None
    if inside and inside.character and not (inside.is_word or inside.is_punctuation):
        inside.written = _reference(inside.character)
    if not outside or not (outside.character or outside.is_tag):
        return
    if outside.character == _PLAIN_SPACE or outside.is_punctuation:
        return
    underscore = not bold and atoms[i].written == "_"
    if (inside and inside.is_word and outside.is_word) and not underscore:
        return
    if outside.character:
        outside.written = _reference(outside.character)
    else:  # a tag cannot be written otherwise: an empty comment parts it from the delimiter
        outside.written = f"{outside.written}{_NOTHING}" if opening else _NOTHING + outside.written


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


_WRITERS: Mapping[str, Callable[[Node, _Place], str | None]] = {
    "paragraph": _paragraph,
    "heading": _heading,
    "blockquote": _quote,
    "codeBlock": _code,
    "image": _image,
    "horizontalRule": _rule,
    "button": _button,
    "columns": _columns,
    "column": _columns,
    "socialLinks": _social,
}
