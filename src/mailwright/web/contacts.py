"""`/contacts`: who is there, plainly."""

from __future__ import annotations

from starlette.responses import Response

from mailwright.services import contacts as service
from mailwright.web.visits import Visit


async def show(visit: Visit) -> Response:
    """Contacts, newest first, searched by name or address."""
    search = visit.query("search")
    paged = await service.page_contacts(
        visit.runtime, visit.caller, visit.page(), search=search or None
    )
    return await visit.show("contacts/list.html", paged=paged, search=search)
