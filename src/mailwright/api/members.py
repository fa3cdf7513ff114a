"""`/members`: people who sign in, each with a role."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import StringConstraints
from starlette.responses import Response

from mailwright.api.dependencies import CallerOf, PageOf, RuntimeOf
from mailwright.api.envelopes import Data, DataPage, many, nothing, one
from mailwright.api.fields import Body, Secret, example
from mailwright.api.problems import errors
from mailwright.domain.locales import parse_locale
from mailwright.domain.scopes import Role
from mailwright.services import invitations
from mailwright.services import members as service
from mailwright.services.members import MemberView, NewMember

router = APIRouter(prefix="/members", tags=["members"])

_UNKNOWN = errors("RESOURCE_NOT_FOUND")
Email = Annotated[str, StringConstraints(min_length=1, max_length=1000)]


class MemberCreate(Body):
    """Somebody new. `api_access`: may sign in to get access tokens.

    Without a `password` they are invited: mailed a link to set one, in `language`.
    """

    email: Email
    password: Secret | None = None
    role: Role
    api_access: bool = True
    language: str | None = None

    model_config = example(
        {"email": "ada@harbour.example", "password": "a long pass phrase", "role": "editor"}
    )


class MemberPatch(Body):
    """What to change; absent fields stay."""

    role: Role = Role.VIEWER
    api_access: bool = True
    suspended: bool = False

    model_config = example({"role": "admin"})


class PasswordReset(Body):
    """`invalidate`: the present password ends when the mail has left, and every sign-in with it."""

    invalidate: bool = False

    model_config = example({"invalidate": True})


@router.post(
    "",
    status_code=201,
    responses={201: {"model": Data[MemberView]}, **errors("DUPLICATE_RESOURCE")},
)
async def create(runtime: RuntimeOf, caller: CallerOf, body: MemberCreate) -> Response:
    """Add a member, or invite one. Nobody gives a role with more rights than their own."""
    password = body.password.get_secret_value() if body.password else None
    profile = {"language": parse_locale(body.language)} if body.language else {}
    new = NewMember(body.email, password, body.role, body.api_access, profile)
    add = invitations.invite_member if password is None else service.create_member
    return one(await add(runtime, caller, new), 201)


@router.get("", responses={200: {"model": DataPage[MemberView]}})
async def page(runtime: RuntimeOf, caller: CallerOf, page: PageOf) -> Response:
    """List members by address."""
    return many(await service.page_members(runtime, caller, page))


@router.get("/{member_uuid}", responses={200: {"model": Data[MemberView]}, **_UNKNOWN})
async def get(runtime: RuntimeOf, caller: CallerOf, member_uuid: UUID) -> Response:
    """Get a member."""
    return one(await service.get_member(runtime, caller, member_uuid))


@router.patch(
    "/{member_uuid}",
    responses={200: {"model": Data[MemberView]}, **errors("RESOURCE_NOT_FOUND", "LAST_OWNER")},
)
async def change(
    runtime: RuntimeOf, caller: CallerOf, member_uuid: UUID, body: MemberPatch
) -> Response:
    """Change a member's role or access, or suspend them. The last owner stays an owner."""
    return one(await service.change_member(runtime, caller, member_uuid, body.changes()))


@router.delete(
    "/{member_uuid}", status_code=204, responses=errors("RESOURCE_NOT_FOUND", "LAST_OWNER")
)
async def delete(runtime: RuntimeOf, caller: CallerOf, member_uuid: UUID) -> Response:
    """Remove a member, who is signed out at once, or withdraw an invitation. An owner stays."""
    await service.delete_member(runtime, caller, member_uuid)
    return nothing()


@router.post(
    "/{member_uuid}/resend-invitation",
    responses={
        200: {"model": Data[MemberView]},
        **errors("RESOURCE_NOT_FOUND", "MEMBER_JOINED", "MAIL_NOT_SENT"),
    },
)
async def resend_invitation(runtime: RuntimeOf, caller: CallerOf, member_uuid: UUID) -> Response:
    """Mail the link of an invitation once more; five times an hour at most."""
    return one(await invitations.resend_invitation(runtime, caller, member_uuid))


@router.post(
    "/{member_uuid}/reset-password",
    responses={
        200: {"model": Data[MemberView]},
        **errors("RESOURCE_NOT_FOUND", "MEMBER_INVITED", "MAIL_NOT_SENT"),
    },
)
async def reset_password(
    runtime: RuntimeOf, caller: CallerOf, member_uuid: UUID, body: PasswordReset
) -> Response:
    """Mail a member a link to set a new password; five times an hour at most."""
    view = await invitations.reset_password(
        runtime, caller, member_uuid, invalidate=body.invalidate
    )
    return one(view)
