"""`/email-group-ids`: groups of single mails, and what they are called."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import StringConstraints
from starlette.responses import Response

from mailwright.dialects.cakemail.dependencies import CallerOf, RuntimeOf
from mailwright.dialects.cakemail.fields import Body, NumberInPath, example
from mailwright.dialects.cakemail.paging import AskedOf
from mailwright.dialects.cakemail.shapes import Changed, DataPage, Shape, changed, many
from mailwright.services import email_groups as service

router = APIRouter(prefix="/email-group-ids", tags=["transactional emails"])

#: The document's own.
DESCRIPTION_PATTERN = r"^[\w\s!@#$%^&*()_+\-=\[\]{};:,./?]+$"


class GroupBody(Body):
    """What to call a group."""

    description: Annotated[
        str,
        StringConstraints(max_length=service.DESCRIPTION_LENGTH_MAX, pattern=DESCRIPTION_PATTERN),
    ]

    model_config = example({"description": "Receipts"})


class GroupShape(Shape):
    """A group; it has a description once it was given one."""

    id: int
    description: str | None


@router.get("", responses={200: {"model": DataPage[GroupShape]}})
async def page(runtime: RuntimeOf, caller: CallerOf, asked: AskedOf) -> Response:
    """List email group ids: those that any mail was sent with."""
    found = await service.page_groups(runtime, caller, asked.page)
    shapes = [GroupShape(id=group.number, description=group.description) for group in found.items]
    return many(shapes, asked, found.total)


@router.patch("/{group_id}", responses={200: {"model": Changed[GroupShape]}})
async def change(
    runtime: RuntimeOf, caller: CallerOf, group_id: NumberInPath, body: GroupBody
) -> Response:
    """Edit an email group id: what its mails are called."""
    group = await service.describe_group(runtime, caller, group_id, body.description)
    return changed("email-group-id", GroupShape(id=group.number, description=group.description))
