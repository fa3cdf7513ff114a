"""Bodies: checked and compiled when they are saved, for campaigns and templates alike.

A body comes as Markdown, as a document, as raw HTML or as MJML. Saving checks its merge tags and
makes all that is needed later, so that a mistake is an answer now and not a failed campaign at
night.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from mailwright.errors import InvalidInput
from mailwright.mail import document as documents
from mailwright.mail import html as pages
from mailwright.mail import markdown, merge, plain_text
from mailwright.mail.document import BodyFlags
from mailwright.mail.merge import Known
from mailwright.mail.mjml import render_mjml
from mailwright.store.rows import Row

HTML_LENGTH_MAX = 1_000_000  # characters; ten times what Gmail shows before it cuts a mail off

_SOURCES = ("content", "document", "html", "mjml")
_PAGES = (["html"], ["mjml"])

#: Columns of a body, wherever one is kept.
COLUMNS = (
    "kind",
    "document",
    "markdown",
    "html",
    "plain_text",
    "design_kind",
    "design",
)

MJML = "mjml"  # the design kind of a page made from it
_DESIGN_KIND = re.compile(r"[a-z0-9_-]{1,32}")

#: A raw page has no Markdown form: it is changed as a page, or replaced.
_RAW_HTML = BodyFlags(editable_via_api=False, overwrite_required=True)
_NONE = documents.flags(None)


@dataclass(frozen=True, slots=True)
class Body:
    """A compiled body. `source`: the field it came in; `values`: its columns, None: cleared."""

    source: str
    flags: BodyFlags
    values: Mapping[str, object] | None


async def compile_change(
    fields: Mapping[str, Any], *, language: str, strict: bool, known: Known | None = None
) -> Body | None:
    """What `fields` make of the body; None: they leave it alone. Raises InvalidInput saying where.

    `language`: of the page, a BCP 47 tag. `strict`: a bare unknown merge tag is a mistake; `known`:
    names that are none. Runs in a thread: a long newsletter would hold others up.
    """
    given = {name: fields[name] for name in _SOURCES if name in fields}
    filled = [name for name, value in given.items() if not _is_empty(value)]
    if len(filled) > 1:
        raise InvalidInput.field(filled[1], f"Give only one of {', '.join(_SOURCES)}.")
    if fields.get("text") is not None and filled not in _PAGES:
        raise InvalidInput.field("text", "A text of its own goes with html or mjml.")
    if filled not in ([], ["html"]):
        refuse_design(fields)
    if not given:
        return None
    if not filled:
        return Body(next(iter(given)), _NONE, None)
    design = design_columns(fields) if filled == ["html"] else {}
    source = _Source(filled[0], given[filled[0]], fields.get("text"), language, strict, known)
    body = await asyncio.to_thread(_compiled, source)
    return replace(body, values={**(body.values or {}), **design})


def design_columns(fields: Mapping[str, Any]) -> dict[str, object]:
    """`design_kind` and `design`, what an editor of somebody else's keeps beside its page.

    Raises InvalidInput for a kind that is no word.
    """
    kind = fields.get("design_kind")
    if kind is not None and not _DESIGN_KIND.fullmatch(kind):
        raise InvalidInput.field("design_kind", "A short word in small letters.")
    return {name: fields[name] for name in ("design_kind", "design") if name in fields}


def refuse_design(fields: Mapping[str, Any]) -> None:
    """Raises InvalidInput for a design without a page: nothing that was given is lost unsaid."""
    if fields.get("design") is not None:
        raise InvalidInput.field("design", "A design goes with html.")


def stored(row: Row) -> Body:
    """A body as it was compiled once; `row` has COLUMNS."""
    if row["kind"] is None:
        return Body("content", _NONE, None)
    values = {name: row[name] for name in COLUMNS}
    document = values["document"]
    flags = documents.flags(document) if document else _RAW_HTML
    return Body(row["kind"], flags, values)


async def recompile(body: Row, *, language: str) -> Body | None:
    """A stored body for another language; None: a page is in the language it is in."""
    if body["document"] is None:
        return None
    source = _Source("document", body["document"], None, language, strict=False)
    return await asyncio.to_thread(_compiled, source)


@dataclass(frozen=True, slots=True)
class _Source:
    """A body as it came: the field it came in, the text beside a page, how to read it."""

    field: str
    value: Any
    text: str | None
    language: str
    strict: bool
    known: Known | None = None

    def check(self, text: str, where: str) -> None:
        """Raises InvalidInput naming `where` when a merge tag of the text is wrong."""
        merge.check(text, where=where, known=self.known, strict=self.strict)


def _compiled(source: _Source) -> Body:
    if isinstance(source.value, str):  # as its author sees it, so that line and column are right
        source.check(source.value, source.field)
    values = _READERS[source.field](source)
    source.check(values["plain_text"], source.field if source.text is None else "text")
    source.check(values["html"], source.field)
    document = values["document"]
    return Body(source.field, documents.flags(document) if document else _RAW_HTML, values)


def _of_document(source: _Source) -> dict[str, Any]:
    if source.field == "content":
        markdown.check_length(source.value)
        document = markdown.from_markdown(source.value)
    else:
        document = documents.validate_document(source.value)
    return {
        "kind": "document",
        "document": document,
        "markdown": markdown.to_markdown(document),
        "html": pages.render_document(document, preheader=None, language=source.language),
        "plain_text": plain_text.from_document(document, language=source.language),
        "design_kind": None,
        "design": None,
    }


def _of_html(source: _Source) -> dict[str, Any]:
    if len(source.value) > HTML_LENGTH_MAX:
        raise InvalidInput.field("html", f"At most {HTML_LENGTH_MAX} characters.")
    prepared = pages.prepare_html(source.value)
    return {
        "kind": "html",
        "document": None,
        "markdown": None,
        "html": prepared,
        "plain_text": plain_text.from_html(prepared) if source.text is None else source.text,
        "design_kind": None,
        "design": None,
    }


def _of_mjml(source: _Source) -> dict[str, Any]:
    """A page whose design is its MJML."""
    values = _of_html(replace(source, value=render_mjml(source.value)))
    return {**values, "design_kind": MJML, "design": {"source": source.value}}


_READERS: Mapping[str, Callable[[_Source], dict[str, Any]]] = {
    "content": _of_document,
    "document": _of_document,
    "html": _of_html,
    "mjml": _of_mjml,
}


def mjml_of(row: Mapping[str, Any]) -> str | None:
    """The MJML a stored body was made from, or None."""
    design: Mapping[str, Any] = row["design"] or {}
    return design.get("source") if row["design_kind"] == MJML else None


def _is_empty(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())
