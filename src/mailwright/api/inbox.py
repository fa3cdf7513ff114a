"""`/inbox`: the mails that the transport `capture:` kept, for looking at and for tests."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from mailwright.api.dependencies import CallerOf, PageOf, RuntimeOf
from mailwright.api.envelopes import Data, DataPage, Pagination, json_response, nothing, one
from mailwright.api.fields import Search
from mailwright.services import inbox as service
from mailwright.services.inbox import InboxMail, InboxRow

router = APIRouter(prefix="/inbox", tags=["inbox"])

_DOWNLOAD = {
    "Content-Disposition": 'attachment; filename="mail.eml"',
    "X-Content-Type-Options": "nosniff",
}


class InboxPagination(Pagination):
    """`next_cursor`: give it as `cursor` to read on; null at the end."""

    next_cursor: str | None


class InboxPage(DataPage[InboxRow]):
    """One page of the inbox."""

    pagination: InboxPagination  # pyright: ignore[reportIncompatibleVariableOverride]  # one field more


@router.get("", responses={200: {"model": InboxPage}})
async def page(
    runtime: RuntimeOf,
    caller: CallerOf,
    page: PageOf,
    search: Annotated[Search | None, Query()] = None,
    campaign_uuid: UUID | None = None,
    cursor: Annotated[str | None, Query(max_length=64)] = None,
) -> Response:
    """Captured mails, newest first. `search` looks in subject, From and To."""
    paged = await service.page_inbox(
        runtime, caller, page, search=search, campaign_uuid=campaign_uuid, cursor=cursor
    )
    return json_response(
        {
            "data": paged.items,
            "pagination": {
                "current_page": paged.page.number,
                "per_page": paged.page.per_page,
                "total": paged.total,
                "next_cursor": paged.next_cursor,
            },
        }
    )


@router.get("/{mail_uuid}", responses={200: {"model": Data[InboxMail]}})
async def get(runtime: RuntimeOf, caller: CallerOf, mail_uuid: UUID) -> Response:
    """One mail, taken apart: headers, text, HTML, links, attachments' names, ledger row."""
    return one(await service.get_mail(runtime, caller, mail_uuid))


@router.get(
    "/{mail_uuid}/raw",
    responses={200: {"content": {"message/rfc822": {}}}},
    response_class=Response,
)
async def raw(runtime: RuntimeOf, caller: CallerOf, mail_uuid: UUID) -> Response:
    """The mail's bytes as they arrived."""
    found = await service.get_raw(runtime, caller, mail_uuid)
    return Response(found, media_type="message/rfc822", headers=_DOWNLOAD)


@router.delete("/{mail_uuid}", status_code=204)
async def delete(runtime: RuntimeOf, caller: CallerOf, mail_uuid: UUID) -> Response:
    """Delete one mail."""
    await service.delete_mail(runtime, caller, mail_uuid)
    return nothing()


@router.delete("", status_code=204)
async def delete_all(runtime: RuntimeOf, caller: CallerOf) -> Response:
    """Empty the inbox."""
    await service.delete_every_mail(runtime, caller)
    return nothing()
