"""Merge tags looked at when a content is saved: what is wrong, where, and what was meant."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from liquid import BoundTemplate
from liquid.exceptions import LiquidError

from mailwright.errors import InvalidInput
from mailwright.mail import merge_language
from mailwright.mail.merge_language import TooMuch
from mailwright.mail.merge_names import NAMESPACES, PROPERTIES, ROOTS


@dataclass(frozen=True)
class Known:
    """What a template may name beyond the fixed fields: the attribute keys, or any when None.

    `extra` are roots that the caller supplies, such as the variables of a transactional mail.
    """

    attributes: frozenset[str] | None = None
    extra: frozenset[str] = frozenset()


@dataclass(frozen=True)
class MergeWarning:
    """Something that will be empty for somebody: said in preflight, no error."""

    where: str
    message: str


def check(
    source: str, *, where: str, known: Known | None = None, strict: bool = True
) -> list[MergeWarning]:
    """What is doubtful in this source; raises InvalidInput for what is wrong.

    Wrong are syntax, tags, filters and names we do not know; the error's details name the field
    `where`, its message the line and column and the nearest known name. With `strict=False` a bare
    unknown word is only doubtful: it looks up an attribute.
    """
    if "{{" not in source and "{%" not in source:
        return []
    analysis = _parsed(source, where).analyze()
    for name, spans in analysis.filters.items():
        if name not in merge_language.FILTERS:
            message = f"There is no filter {name!r}.{_nearest(name, merge_language.FILTERS)}"
            raise _error(where, source, spans[0].index, message)
    found: list[MergeWarning] = []
    for variables in analysis.globals.values():
        for variable in variables:
            message = _doubt(tuple(variable.segments), known or Known(), strict=strict)
            if isinstance(message, _Wrong):
                raise _error(where, source, variable.span.index, message.text)
            if message:
                at = _position(source, variable.span.index)
                found.append(MergeWarning(where, f"{at}: {message}"))
    return found


def _parsed(source: str, where: str) -> BoundTemplate:
    try:
        return merge_language.parse(source)
    except TooMuch as problem:
        raise _error(where, source, problem.index, problem.message) from None
    except LiquidError as problem:
        index = problem.token.start_index if problem.token else -1
        raise _error(where, source, index, _syntax_message(str(problem.message))) from None
    except RecursionError:
        raise _error(where, source, 0, "The tags are nested too deeply.") from None


@dataclass(frozen=True)
class _Wrong:
    text: str


def _doubt(segments: tuple[object, ...], known: Known, *, strict: bool) -> str | _Wrong | None:
    """What to say about one variable: nothing, a warning or an error."""
    root, *rest = segments
    if root in known.extra:
        return None
    if root == "attributes" or segments[:2] == ("contact", "attributes"):
        keys = rest if root == "attributes" else rest[1:]
        return _doubtful_attribute(keys, known)
    if root in NAMESPACES:
        fields = NAMESPACES[str(root)]
        if rest and (rest[0] in fields or isinstance(rest[0], list)):
            return None
        name = ".".join(str(part) for part in segments)
        nearest = _nearest(str(rest[0]) if rest else "", fields, prefix=f"{root}.")
        return _Wrong(f"There is no {name!r}.{nearest}")
    if root in ROOTS and (not rest or rest[0] in PROPERTIES):
        return None
    if not rest and not strict and isinstance(root, str):
        return (
            f"{root!r} is no field; it is taken for an attribute, empty where a contact has none."
        )
    name = ".".join(str(part) for part in segments)
    return _Wrong(f"There is no {name!r}.{_nearest(str(root), _all_names(known))}")


def _doubtful_attribute(keys: list[object], known: Known) -> str | None:
    key = keys[0] if keys else None
    if known.attributes is None or not isinstance(key, str) or key in known.attributes:
        return None
    nearest = _nearest(key, known.attributes, prefix="attributes.")
    return f"No contact has the attribute {key!r}.{nearest}"


def _all_names(known: Known) -> list[str]:
    dotted = [f"{space}.{name}" for space, names in NAMESPACES.items() for name in names]
    attributes = [f"attributes.{key}" for key in known.attributes or ()]
    return [*dotted, *sorted(ROOTS - NAMESPACES.keys()), *attributes, *known.extra]


def _nearest(name: str, names: Iterable[str], prefix: str = "") -> str:
    close = get_close_matches(name, sorted(names), n=1, cutoff=0.5)
    return f" Did you mean {prefix + close[0]!r}?" if close else ""


def _syntax_message(message: str) -> str:
    unknown = re.search(r"unexpected tag '(\w*)'|unknown filter '(\w*)'", message)
    if not unknown:
        return f"{message[:1].upper()}{message[1:]}."
    tag, filter_name = unknown.groups()
    if tag is not None:
        return f"There is no tag {tag!r}.{_nearest(tag, merge_language.TAGS)}"
    return f"There is no filter {filter_name!r}.{_nearest(filter_name, merge_language.FILTERS)}"


def _error(where: str, source: str, index: int, message: str) -> InvalidInput:
    tag = _tag_at(source, index)
    return InvalidInput.field(where, f"{_position(source, index)}{tag}: {message}")


def _position(source: str, index: int) -> str:
    before = source[: max(index, 0)]
    line = before.count("\n") + 1
    return f"Line {line}, column {len(before) - (before.rfind(chr(10)) + 1) + 1}"


def _tag_at(source: str, index: int) -> str:
    start = max(source.rfind("{{", 0, index + 2), source.rfind("{%", 0, index + 2))
    if index < 0 or start < 0:
        return ""
    end = source.find("}", start)
    shown = source[start : end + 2 if end >= 0 else None].split("\n")[0]
    return f", at {shown if len(shown) <= 60 else shown[:59] + '…'}"
