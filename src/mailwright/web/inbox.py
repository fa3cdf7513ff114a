"""`/inbox`: captured mail, the list on the left and the mail on the right."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from starlette.responses import HTMLResponse, Response

from mailwright.domain.ids import parse_id
from mailwright.services import inbox as service
from mailwright.web.security import SANDBOX, SANDBOX_WITH_IMAGES
from mailwright.web.visits import Visit

TABS = ("html", "text", "headers", "links", "raw")
RAW_CHARACTERS_MAX = 200_000  # what a page can show without choking; the download has all of it

_HEAD = re.compile(r"<head[^>]*>", re.IGNORECASE)


async def show(visit: Visit) -> Response:
    """The list, and beside it the mail that was asked for, if any."""
    listed = await _listed(visit)
    if visit.is_partial and visit.query("part") == "list":
        unseen = await service.count_unseen(visit.runtime, visit.caller)
        return visit.part("inbox/polled.html", unseen=unseen, **listed)
    if "uuid" not in visit.request.path_params:
        return await visit.show("inbox/page.html", mail=None, **listed)
    shown = await _shown(visit)
    if visit.is_partial:
        return visit.part("inbox/mail.html", **listed, **shown)
    return await visit.show("inbox/page.html", **(await _listed(visit)), **shown)


async def html(visit: Visit) -> Response:
    """The HTML of a mail, to be framed: sandboxed by its own policy, whoever frames it."""
    shown = await service.get_html(visit.runtime, visit.caller, _uuid(visit))
    policy = SANDBOX_WITH_IMAGES if visit.query("images") else SANDBOX
    return sandboxed(shown, policy)


async def raw(visit: Visit) -> Response:
    """The mail as a file."""
    found = await service.get_raw(visit.runtime, visit.caller, _uuid(visit))
    return Response(
        found,
        media_type="message/rfc822",
        headers={"Content-Disposition": 'attachment; filename="mail.eml"'},
    )


async def mark_every_mail_seen(visit: Visit) -> Response:
    """Nothing is new any more."""
    await service.mark_seen(visit.runtime, visit.caller, None)
    return visit.go("/inbox", said="Every mail is marked as seen.")


async def delete(visit: Visit) -> Response:
    """One mail less."""
    await service.delete_mail(visit.runtime, visit.caller, _uuid(visit))
    return visit.go("/inbox", said="The mail was deleted.")


async def delete_all(visit: Visit) -> Response:
    """An empty inbox."""
    count = await service.delete_every_mail(visit.runtime, visit.caller)
    return visit.go("/inbox", said=f"{count:,} mail{'' if count == 1 else 's'} deleted.")


def sandboxed(page: str, policy: str = SANDBOX) -> HTMLResponse:
    """Somebody else's HTML for a frame; its links open beside us, not inside."""
    base = '<base target="_blank">'
    head = _HEAD.search(page)
    framed = page[: head.end()] + base + page[head.end() :] if head else base + page
    return HTMLResponse(
        framed,
        headers={
            "Content-Security-Policy": policy,
            "X-DNS-Prefetch-Control": "off",
            "Referrer-Policy": "no-referrer",
        },
    )


async def _listed(visit: Visit) -> dict[str, Any]:
    search = visit.query("search")
    paged = await service.page_inbox(
        visit.runtime, visit.caller, visit.page(), search=search or None
    )
    return {"paged": paged, "search": search, "selected": _selected(visit)}


async def _shown(visit: Visit) -> dict[str, Any]:
    mail = await service.get_mail(visit.runtime, visit.caller, _uuid(visit))
    await service.mark_seen(visit.runtime, visit.caller, mail.uuid)
    wanted = visit.query("tab")
    tab = wanted if wanted in TABS else ("html" if mail.html is not None else "text")
    source = ""
    if tab == "raw":
        found = await service.get_raw(visit.runtime, visit.caller, mail.uuid)
        source = found.decode("utf-8", "replace")[:RAW_CHARACTERS_MAX]
    return {
        "mail": mail,
        "tab": tab,
        "tabs": TABS,
        "source": source,
        "images": bool(visit.query("images")),
    }


def _selected(visit: Visit) -> str:
    """The mail that is open: the one asked for, or the one in the address of a polling page."""
    asked = visit.request.path_params.get("uuid")
    page = urlsplit(visit.request.headers.get("hx-current-url", "")).path
    return asked or page.removeprefix("/inbox").strip("/")


def _uuid(visit: Visit) -> UUID:
    return parse_id(visit.request.path_params["uuid"], "mail")
