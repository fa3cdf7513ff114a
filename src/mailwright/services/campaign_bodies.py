"""The body of a campaign as it is stored. How bodies are compiled is bodies.py."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.errors import Conflict
from mailwright.services import bodies
from mailwright.services.bodies import Body
from mailwright.store import campaign_bodies as store
from mailwright.store import campaigns
from mailwright.store.rows import Row


async def require_overwrite(
    connection: AsyncConnection, campaign: Row, body: Body, *, overwrite: bool
) -> None:
    """Raises Conflict CONTENT_OVERWRITE_REQUIRED when `body` would lose styling unasked.

    A document replaces a document, and a page a page, freely: that is how they are edited.
    """
    if overwrite or not campaign["overwrite_required"]:
        return
    old = await store.get(connection, campaign["tenant_id"], campaign["id"])
    if old is not None and body.values is not None and old["kind"] == body.source:
        return
    raise Conflict(
        "This body has layout or styling that Markdown cannot keep; send overwrite: true to "
        "replace it for good.",
        code="CONTENT_OVERWRITE_REQUIRED",
    )


async def save_body(
    connection: AsyncConnection, tenant_id: int, campaign_id: int, body: Body, *, now: datetime
) -> None:
    """Stores the body, and what it says of itself on the campaign's row."""
    if body.values is None:
        await store.remove(connection, tenant_id, campaign_id)
    else:
        await store.save(connection, tenant_id, campaign_id, {**body.values, "updated_at": now})
    flags = {
        "has_body": body.values is not None,
        "editable_via_api": body.flags.editable_via_api,
        "overwrite_required": body.flags.overwrite_required,
    }
    await campaigns.change(connection, tenant_id, campaign_id, flags)


async def save_design(
    connection: AsyncConnection, campaign: Row, design: Mapping[str, object]
) -> None:
    """Keeps another design beside the page there is. Raises InvalidInput where there is none."""
    key = campaign["tenant_id"], campaign["id"]
    body = await store.get(connection, *key)
    if body is None or body["kind"] != "html":
        bodies.refuse_design(design)
        return
    await store.change(connection, *key, design)
