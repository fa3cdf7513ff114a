"""A body as a page while it is being written: nothing is stored, sent or tracked."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, cast

from mailwright.domain.sample_person import sample_person
from mailwright.mail import html as pages
from mailwright.mail import merge
from mailwright.mail.merge_variables import is_about_the_contact, variables_in
from mailwright.services import bodies
from mailwright.services.caller import Caller

_EMPTY_PAGE = "<!doctype html><html><head></head><body></body></html>"
_NOWHERE = {"unsubscribeUrl": "#", "viewInBrowserUrl": "#"}


async def render_body(caller: Caller, fields: Mapping[str, Any], language: str) -> str:
    """A body as a made-up reader would see it. Raises InvalidInput saying where.

    `fields`: one of `content`, `document` or `html`, as a campaign takes them.
    """
    caller.require("campaigns:read")
    body = await bodies.compile_change(fields, language=language, strict=True)
    if body is None or body.values is None:
        return _EMPTY_PAGE
    return await asyncio.to_thread(_merged, cast("str", body.values["html"]), language, {})


async def render_template_body(
    caller: Caller, fields: Mapping[str, Any], language: str, fallbacks: Mapping[str, str | None]
) -> str:
    """The same for a template, where a name that nobody knows yet is a variable.

    A variable shows its fallback, else `[its name]`. Raises InvalidInput saying where.
    """
    caller.require("templates:read")
    body = await bodies.compile_change(fields, language=language, strict=False)
    if body is None or body.values is None:
        return _EMPTY_PAGE
    html = cast("str", body.values["html"])
    return await asyncio.to_thread(_merged, html, language, _samples(html, fallbacks))


def _samples(html: str, fallbacks: Mapping[str, str | None]) -> dict[str, str]:
    """What stands for each variable: those of one word that the reader's own data do not have."""
    return {
        name: fallbacks.get(name) or f"[{name}]"
        for name in variables_in(html)
        if "." not in name and not is_about_the_contact(name)
    }


def _merged(template: str, language: str, samples: Mapping[str, str]) -> str:
    complete, _ = pages.ensure_unsubscribe_footer(template, "", language=language)
    compiled = merge.compile_template(complete or template, escape="html")
    return compiled.render({**merge.values_for(sample_person(language), _NOWHERE), **samples})
