"""`/lists/{list_uuid}/members`: people with their standing on a list; joining and leaving it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field, StringConstraints
from starlette.responses import Response

from mailwright.api.dependencies import CallerOf, PageOf, RuntimeOf
from mailwright.api.envelopes import Data, DataPage, many, one
from mailwright.api.fields import Body, Name, Search, example
from mailwright.domain.confirmation import DoubleOptIn
from mailwright.services import list_contacts, list_joining
from mailwright.services.list_contacts import ListContact, MemberFilter, Order
from mailwright.services.list_joining import Joining
from mailwright.services.paging import Paged

router = APIRouter(prefix="/lists/{list_uuid}/members", tags=["lists"])

Names = Annotated[list[Name], Field(max_length=100)]


class MemberCreate(Body):
    """Somebody who comes to a list.

    `double_opt_in`: who must confirm first, by a link in a mail: `new` to the list, or whoever is
    `not_active` there. `resubscribe`: somebody who left comes back; `consent_source` says how you
    know that they want to.
    """

    email: Annotated[str, StringConstraints(max_length=1_000)]
    first_name: str | None = None
    last_name: str | None = None
    language: str | None = None
    attributes: dict[str, Any] = Field(default_factory=dict[str, Any])
    tags: Names = Field(default_factory=list[str])
    interests: Names = Field(default_factory=list[str])
    double_opt_in: Literal["never", "new", "not_active"] = "never"
    resubscribe: bool = False
    consent_source: Name | None = None

    model_config = example(
        {"email": "ada@example.com", "tags": ["vip"], "double_opt_in": "not_active"}
    )

    def joining(self) -> Joining:
        """The call as the service takes it."""
        person = ("first_name", "last_name", "language", "attributes")
        fields: Any = {name: value for name, value in self.changes().items() if name in person}
        return Joining(
            email=self.email,
            fields=fields,
            tags=self.tags,
            interests=self.interests,
            ask=DoubleOptIn(self.double_opt_in),
            resubscribe=self.resubscribe,
            source=self.consent_source,
        )


@router.get("", responses={200: {"model": DataPage[ListContact]}})
async def page(
    runtime: RuntimeOf,
    caller: CallerOf,
    list_uuid: UUID,
    page: PageOf,
    standing: Annotated[
        Literal["subscribed", "unconfirmed", "unsubscribed"] | None, Query()
    ] = None,
    tag: Annotated[Search | None, Query()] = None,
    sort: Annotated[Literal["joined_at", "-joined_at", "email", "-email"], Query()] = "-joined_at",
) -> Response:
    """Everybody on a list, who left it too, with their standing, tags and interests there."""
    wanted = MemberFilter(standing=standing, tags=(tag,) if tag else ())
    order = Order(sort.removeprefix("-"), sort.startswith("-"))
    found = await list_contacts.page(
        runtime, caller, list_uuid, page, wanted, order=order, with_total=True
    )
    return many(Paged(list(map(_flat, found.items)), found.total or 0, page))


@router.post("", status_code=201, responses={201: {"model": Data[ListContact]}})
async def join(
    runtime: RuntimeOf, caller: CallerOf, list_uuid: UUID, body: MemberCreate
) -> Response:
    """Put somebody on a list, made or found by address; 409 `LIST_ARCHIVED`."""
    made = await list_joining.join(runtime, caller, list_uuid, body.joining())
    return one(_flat(made), 201)


@router.post("/{contact_uuid}/leave", responses={200: {"model": Data[ListContact]}})
async def leave(
    runtime: RuntimeOf, caller: CallerOf, list_uuid: UUID, contact_uuid: UUID
) -> Response:
    """Take somebody's wish to leave this list; mail of other lists goes on."""
    return one(_flat(await list_joining.leave(runtime, caller, list_uuid, contact_uuid)))


def _flat(view: ListContact) -> dict[str, Any]:
    return asdict(view)
