"""The body in the campaign form: in the editor, as Markdown or as HTML, and from one to another."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

import orjson
from starlette.responses import Response

from mailwright.errors import InvalidInput
from mailwright.mail import html as pages
from mailwright.mail import markdown
from mailwright.mail.document import Document, flags, validate_document, walk
from mailwright.services import campaigns as service
from mailwright.services.campaign_views import CampaignView
from mailwright.services.runtime import Runtime
from mailwright.services.template_views import VersionView
from mailwright.web.forms import Form
from mailwright.web.security import set_cookie
from mailwright.web.visits import Visit

#: The ways to write a body, by the field of services that each fills.
EDITORS = ("document", "content", "html")
EDITOR_COOKIE = "mailwright_editor"
_COOKIE_SECONDS = 365 * 24 * 3600

#: What Markdown cannot show: the node or mark, and what becomes of it in words for the author.
_LOST: tuple[tuple[str, str], ...] = (
    ("columns", "Columns become one below the other."),
    ("socialLinks", "The social row becomes plain links."),
    ("countdown", "The countdown is left out."),
    ("button", "Buttons become plain links."),
    ("spacer", "Spacers are left out."),
    ("textStyle", "Colours, fonts and sizes of text are lost."),
    ("image", "Pictures lose their width, alignment and corners."),
    ("block", "Text loses its alignment and background."),
)
_BLOCK = re.compile(r"content\[(\d+)\]")
_POSITION = re.compile(
    r"^Line \d+, column \d+, at "
)  # in the page made of the blocks: no help here

#: What a block lacks, in words of its properties.
_NEEDS: Mapping[str, str] = {
    "button needs 'href'.": "this button needs a link.",
    "image needs 'src'.": "this image needs an address.",
    "countdown needs 'endsAt'.": "this countdown needs its end.",
}


def body_of(form: Form) -> dict[str, Any]:
    """The one body field that the form means, if it holds any. Raises InvalidInput."""
    editor = form.get("editor", "content")
    if editor not in EDITORS:
        raise InvalidInput.field("editor", f"One of {', '.join(EDITORS)}.")
    if editor not in form:
        return {}
    text = form[editor]
    return {editor: _parsed(text) if editor == "document" else text}


def body_problems(errors: Mapping[str, Any]) -> list[str]:
    """What is wrong with the body, as sentences that say in which block."""
    return [
        _said(field, sentence)
        for field, sentences in errors.items()
        if field.partition(".")[0] in EDITORS
        for sentence in cast("Sequence[str]", sentences)
    ]


async def body_values(visit: Visit, campaign: CampaignView | None) -> dict[str, str]:
    """The body as the form shows it. A plain one opens the way its author wrote last."""
    preferred = preferred_editor(visit)
    if campaign is None:
        return {"editor": "content", "preferred_editor": preferred}
    names = ("document", "html")
    found = await service.body_sections(visit.runtime, visit.caller, campaign.uuid, names)
    if campaign.content_kind == "html":
        return {"editor": "html", "preferred_editor": "html", "html": str(found["html"] or "")}
    document = orjson.dumps(found["document"]).decode() if found["document"] else ""
    if campaign.content_overwrite_required:
        return {"editor": "document", "preferred_editor": "document", "document": document}
    return {"editor": "content", "preferred_editor": preferred, "document": document}


def version_body_values(visit: Visit, version: VersionView) -> dict[str, str]:
    """The body of a template's version as the form shows it."""
    if version.kind == "html":
        return {"editor": "html", "preferred_editor": "html", "html": version.html or ""}
    document = orjson.dumps(version.document).decode() if version.document else ""
    if version.document and flags(version.document).overwrite_required:
        return {"editor": "document", "preferred_editor": "document", "document": document}
    values = {"content": version.content or "", "document": document}
    return {"editor": "content", "preferred_editor": preferred_editor(visit), **values}


def preferred_editor(visit: Visit) -> str:
    """How this visitor wrote last; at first in the editor. HTML is a choice for one body only."""
    kept = visit.request.cookies.get(EDITOR_COOKIE, "")
    return kept if kept in ("document", "content") else "document"


def keep_editor(runtime: Runtime, response: Response, form: Form) -> Response:
    """Remembers how the body was written."""
    if (editor := form.get("editor", "")) in EDITORS:
        set_cookie(runtime, response, EDITOR_COOKIE, editor, max_age_seconds=_COOKIE_SECONDS)
    return response


async def convert(visit: Visit) -> Response:
    """The body in another form, as JSON: `value`, and `lost`, what that form cannot show."""
    try:
        given, target = body_of(visit.form), visit.form.get("to", "")
        if target not in EDITORS or "html" in given or not given:
            raise InvalidInput.field("to", "Blocks and Markdown are converted here.")
        told = await asyncio.to_thread(_converted, given, target)
    except InvalidInput as error:
        problems = body_problems(error.details) or [error.message]
        return _json({"problem": " ".join(problems)}, 422)
    return _json(told)


def lost_in_markdown(document: Document) -> list[str]:
    """What Markdown would lose of this document, in words for its author."""
    found: set[str] = set()
    for node in walk(document):
        if flags({"type": "doc", "content": [_bare(node)]}).overwrite_required:
            kind = node["type"]
            found.add("block" if kind in {"paragraph", "heading"} else kind)
        found.update(mark["type"] for mark in node.get("marks", ()))
    return [sentence for kind, sentence in _LOST if kind in found]


def _bare(node: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in node.items() if name != "content"}


def _converted(given: Mapping[str, Any], target: str) -> dict[str, object]:
    if "content" in given:
        markdown.check_length(given["content"])
        document = markdown.from_markdown(given["content"])
    else:
        document = validate_document(given["document"])
    if target == "html":
        return {"value": pages.render_document(document, preheader=None, language="en"), "lost": []}
    if target == "content":
        return {"value": markdown.to_markdown(document) or "", "lost": lost_in_markdown(document)}
    return {"value": orjson.dumps(document).decode(), "lost": []}


def _parsed(text: str) -> object:
    if not text.strip():
        return None
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        raise InvalidInput.field("document", "This is not a document; reload the page.") from None


def _said(field: str, sentence: str) -> str:
    if field == "document":
        return _POSITION.sub("At ", sentence)
    found = _BLOCK.search(field)
    return f"Block {int(found[1]) + 1}: {_NEEDS.get(sentence, sentence)}" if found else sentence


def _json(told: Mapping[str, object], status: int = 200) -> Response:
    return Response(orjson.dumps(told), status, media_type="application/json")
