"""Merge tags: checked when a content is saved, compiled once a campaign, filled in per recipient.

Most contents hold plain tags only: `{{ contact.first_name | default: "friend" }}`. Those compile
into literals and look-ups that are joined; a few microseconds a mail. Anything else goes through
Liquid (`merge_language`), with the same result for the same source. Names are in `merge_names`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from html import escape as escape_html
from typing import Any, Literal, cast
from urllib.parse import quote

from liquid import BoundTemplate
from liquid.exceptions import LiquidError
from liquid.stringify import to_liquid_string

from mailwright.errors import InvalidInput
from mailwright.mail import merge_language
from mailwright.mail.merge_check import Known, MergeWarning, check
from mailwright.mail.merge_language import TooMuch
from mailwright.mail.merge_names import (
    CAMEL_CASE,
    CONTACT_FIELDS,
    NAMESPACES,
    PROPERTIES,
    ROOTS,
    Path,
    resolved,
)

__all__ = [
    "Escape",
    "Known",
    "Lookup",
    "MergeWarning",
    "Template",
    "check",
    "compile_template",
    "values_for",
]

Escape = Literal["html", "text", "url", "header"]

_NAME = r"[A-Za-z_][A-Za-z0-9_-]*"
_PLAIN_TAG = re.compile(
    rf"""\{{\{{\s*({_NAME}(?:\.{_NAME})*)\s*(?:\|\s*default\s*:\s*(?:"([^"}}]*)"|'([^'}}]*)')\s*)?\}}\}}"""
)
_LIQUID_WORDS = frozenset(
    {"true", "false", "nil", "null", "empty", "blank", "and", "or", "contains"}
)
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_URL_SAFE = "/:?#[]@!$&'()*+,;=%~-._"


@dataclass(frozen=True)
class Lookup:
    """A plain tag: where its value lies, and what stands there when it is empty."""

    path: Path
    default: str


Segment = str | Lookup


class Template:
    """A compiled source. Pickles as its source and compiles again on arrival."""

    __slots__ = ("_clean", "_filled", "_liquid", "_liquid_roots", "_parts", "escape", "source")

    def __init__(self, source: str, escape: Escape) -> None:
        self.source = source
        self.escape: Escape = escape
        self._clean = CLEANERS[escape]
        self._liquid: BoundTemplate | None = None
        self._liquid_roots: tuple[tuple[str, Path], ...] = ()
        self._parts: list[str] = []
        self._filled: list[tuple[int, Lookup]] = []
        segments = plain_segments(source)
        if segments is None:
            self._compile_liquid()
        else:
            self._compile_plain(segments)

    def __reduce__(self) -> tuple[Callable[..., Template], tuple[str, Escape]]:
        return Template, (self.source, self.escape)

    def render(self, values: Mapping[str, Any]) -> str:
        """The text for these values (see `values_for`).

        Raises InvalidInput with code TEMPLATE_RENDER_FAILED when a limit is reached.
        """
        if self._liquid is not None:
            return self._render_liquid(self._liquid, values)
        parts = self._parts.copy()
        clean = self._clean
        for index, lookup in self._filled:
            parts[index] = fill(lookup, values, clean)
        return "".join(parts)

    @property
    def is_constant(self) -> bool:
        """Whether it is the same for everybody."""
        return self._liquid is None and not self._filled

    def _compile_plain(self, segments: list[Segment]) -> None:
        for segment in segments:
            if isinstance(segment, Lookup):
                self._filled.append((len(self._parts), segment))
                self._parts.append("")
            else:
                self._parts.append(segment)

    def _compile_liquid(self) -> None:
        try:
            self._liquid = merge_language.parse(self.source)
        except (LiquidError, TooMuch, RecursionError) as problem:
            raise InvalidInput.field("template", f"The template is broken: {problem}") from problem
        roots = self._liquid.analyze().globals
        self._liquid_roots = tuple(
            (root, resolved((root,)))
            for root in roots
            if root not in NAMESPACES and resolved((root,)) != (root,)
        )

    def _render_liquid(self, template: BoundTemplate, values: Mapping[str, Any]) -> str:
        namespace = dict(values)
        for root, path in self._liquid_roots:
            if root not in namespace:
                namespace[root] = look_up(path, values)
        try:
            text = merge_language.render(template, namespace, self._clean)
        except LiquidError as problem:
            raise InvalidInput(
                f"The template cannot be rendered: {problem.message}.",
                code="TEMPLATE_RENDER_FAILED",
            ) from problem
        return clean_header(text) if self.escape == "header" else text


def compile_template(source: str, *, escape: Escape) -> Template:
    """The template of this source; values are made safe for the place named by `escape`.

    `html`: text and attributes of HTML. `text`: as they are. `url`: percent-encoded, but for a tag
    that begins the address, which may be one itself. `header`: without controls and line breaks.
    Raises InvalidInput when the source is broken; `check` says more about where.
    """
    return Template(source, escape)


def values_for(contact: Mapping[str, Any], builtins: Mapping[str, str]) -> Mapping[str, Any]:
    """The namespace of one recipient; nothing of the contact's attributes is copied.

    `builtins` are flat: `{"unsubscribeUrl": …, "campaign.name": …}`.
    """
    get = contact.get
    attributes: dict[str, Any] = get("attributes") or {}
    fields: dict[str, Any] = {name: get(name) for name in CONTACT_FIELDS}
    for camel, snake in CAMEL_CASE.items():
        fields[camel] = fields[snake]
    fields["attributes"] = attributes
    values: dict[str, Any] = {"contact": fields, "attributes": attributes}
    for name, value in builtins.items():
        space, dot, field = name.partition(".")
        if dot:
            values.setdefault(space, {})[field] = value
        else:
            values[name] = value
    return values


def plain_segments(source: str) -> list[Segment] | None:
    """The literals and look-ups of a source with plain tags only, or None if it needs Liquid."""
    if "{%" in source:
        return None
    segments: list[Segment] = []
    end = 0
    for tag in _PLAIN_TAG.finditer(source):
        literal = source[end : tag.start()]
        if literal:
            segments.append(literal)
        path = tuple(tag.group(1).split("."))
        if path[0] in _LIQUID_WORDS or path[-1] in PROPERTIES:
            return None
        segments.append(Lookup(resolved(path), tag.group(2) or tag.group(3) or ""))
        end = tag.end()
    if source[end:]:
        segments.append(source[end:])
    if any("{{" in segment for segment in segments if isinstance(segment, str)):
        return None
    return segments


def look_up(path: Path, values: Mapping[str, Any]) -> Any:
    """The value at this path, or None. A bare word given as a value of its own wins."""
    if len(path) == 2 and path[0] == "attributes" and path[1] in values and path[1] not in ROOTS:
        return values[path[1]]
    value: Any = values
    for key in path:
        if not isinstance(value, Mapping):
            return None
        value = cast("Mapping[str, Any]", value).get(key)
    return value


def fill(lookup: Lookup, values: Mapping[str, Any], clean: Callable[[str], str]) -> str:
    """The text of one plain tag, safe for its place."""
    value: Any = values
    try:
        for key in lookup.path:
            value = value[key]
    except (KeyError, TypeError, IndexError):
        value = look_up(lookup.path, values)
    if type(value) is str:
        return clean(value or lookup.default)
    if value is None or (lookup.default and (value is False or value in ([], {}))):
        return clean(lookup.default)
    return clean(to_liquid_string(value, autoescape=False))


# ---- making values safe --------------------------------------------------------------------------


def clean_header(text: str) -> str:
    """Text for a header: every run of controls and line breaks becomes one space."""
    return _CONTROLS.sub(" ", text)


def clean_html(text: str) -> str:
    """Text for HTML, in an element or between double quotes."""
    return escape_html(text)


def clean_url_part(text: str) -> str:
    """Text as one component of an address."""
    return quote(text, safe="")


def clean_address(text: str) -> str:
    """A whole address: what no address may hold is percent-encoded, the rest stays."""
    return quote(_CONTROLS.sub("", text.strip()), safe=_URL_SAFE)


def _as_it_is(text: str) -> str:
    return text


CLEANERS: Mapping[Escape, Callable[[str], str]] = {
    "html": clean_html,
    "text": _as_it_is,
    "url": clean_url_part,
    "header": clean_header,
}


def tags_in(source: str) -> Iterator[Path]:
    """The paths of the plain tags of a source, as written."""
    for tag in _PLAIN_TAG.finditer(source):
        yield tuple(tag.group(1).split("."))
