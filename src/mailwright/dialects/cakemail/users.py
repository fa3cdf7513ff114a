"""`/users`: members. Whoever asks may be `self`; a key is nobody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from mailwright.dialects.cakemail.dependencies import CallerOf, RuntimeOf
from mailwright.dialects.cakemail.fields import NumberInPath
from mailwright.dialects.cakemail.paging import AskedOf, FilterOf, read_filter
from mailwright.dialects.cakemail.shapes import (
    Changed,
    Data,
    DataPage,
    Done,
    Made,
    changed,
    created,
    did,
    many,
    one,
)
from mailwright.dialects.cakemail.user_shapes import (
    ACTIVE,
    FILTERS,
    PENDING,
    SUSPENDED,
    PasswordChange,
    UserCreate,
    UserPatch,
    UserShape,
    user_shape,
)
from mailwright.errors import InvalidInput
from mailwright.services import invitations, member_passwords, numbers
from mailwright.services import members as service
from mailwright.services.caller import Caller
from mailwright.services.members import MemberChanges, MemberView, NewMember
from mailwright.services.runtime import Runtime

router = APIRouter(prefix="/users", tags=["users"])

#: Whether they are suspended, and whether invited.
_STATUSES: Mapping[str, tuple[bool, bool | None]] = {
    ACTIVE: (False, False),
    PENDING: (False, True),
    SUSPENDED: (True, None),
}


@router.get("/self", responses={200: {"model": Data[UserShape]}})
async def get_self(runtime: RuntimeOf, caller: CallerOf) -> Response:
    """Show who signed in."""
    return one(await _shape(runtime, caller, await service.get_self(runtime, caller)))


@router.get("", responses={200: {"model": DataPage[UserShape]}})
async def page(
    runtime: RuntimeOf, caller: CallerOf, asked: AskedOf, filter_: FilterOf = None
) -> Response:
    """Show all users."""
    wanted = read_filter(filter_, FILTERS)
    status = wanted.get("status")
    if status is not None and status not in _STATUSES:
        return many([], asked, 0)
    suspended, invited = _STATUSES[status] if status is not None else (None, None)
    found = await service.page_members(
        runtime,
        caller,
        asked.page,
        email=wanted.get("email"),
        suspended=suspended,
        invited=invited,
    )
    known = await numbers.numbers_of(runtime, caller, "user", [view.uuid for view in found.items])
    shapes = [user_shape(view, known[view.uuid]) for view in found.items]
    return many(shapes, asked, found.total)


@router.post("", status_code=201, responses={201: {"model": Made[UserShape]}})
async def create(
    runtime: RuntimeOf,
    caller: CallerOf,
    body: UserCreate,
    skip_verification: Annotated[bool, Query(description="Nobody is asked to confirm.")] = False,
) -> Response:
    """Add a user with a password, who can sign in at once; or without, who is invited by mail."""
    password = body.password.get_secret_value() if body.password else None
    if password is None and skip_verification:
        sentence = "Give the user a password, or let them be asked to confirm."
        raise InvalidInput.field("password", sentence)
    new = NewMember(body.email, password, body.role, profile=body.profile())
    add = invitations.invite_member if password is None else service.create_member
    view = await add(runtime, caller, new)
    return created("user", await _shape(runtime, caller, view))


@router.get("/{user_id}", responses={200: {"model": Data[UserShape]}})
async def get(runtime: RuntimeOf, caller: CallerOf, user_id: NumberInPath) -> Response:
    """Show a user."""
    user_uuid = await numbers.uuid_of(runtime, caller, "user", user_id)
    return one(user_shape(await service.get_member(runtime, caller, user_uuid), user_id))


@router.patch("/{user_id}", responses={200: {"model": Changed[UserShape]}})
async def change(
    runtime: RuntimeOf, caller: CallerOf, user_id: NumberInPath, body: UserPatch
) -> Response:
    """Change a user; people change their own names and password themselves."""
    user_uuid = await numbers.uuid_of(runtime, caller, "user", user_id)
    changes: MemberChanges = {"profile": body.profile()}
    if body.role is not None:
        changes["role"] = body.role
    is_own = caller.actor == f"member:{user_uuid}"
    if body.password is not None and is_own:
        await _check_own(runtime, caller, body.password)
    if is_own and body.role is None:
        view = await service.change_self(runtime, caller, body.profile())
    else:
        view = await service.change_member(runtime, caller, user_uuid, changes)
    if body.password is not None:
        new = body.password.new.get_secret_value()
        await member_passwords.change_password(runtime, caller, user_uuid, new)
    return changed("user", user_shape(view, user_id), "patched")


@router.delete("/{user_id}", responses={200: {"model": Done}})
async def delete(runtime: RuntimeOf, caller: CallerOf, user_id: NumberInPath) -> Response:
    """Remove a user, who is signed out at once. The last owner stays."""
    user_uuid = await numbers.uuid_of(runtime, caller, "user", user_id)
    await service.delete_member(runtime, caller, user_uuid)
    return did("user", str(user_id), "deleted")


@router.post("/{user_id}/suspend", responses={200: {"model": Changed[UserShape]}})
async def suspend(runtime: RuntimeOf, caller: CallerOf, user_id: NumberInPath) -> Response:
    """Keep a user from signing in, and sign them out everywhere."""
    return await _suspended(runtime, caller, user_id, suspended=True)


@router.post("/{user_id}/unsuspend", responses={200: {"model": Changed[UserShape]}})
async def unsuspend(runtime: RuntimeOf, caller: CallerOf, user_id: NumberInPath) -> Response:
    """Let a user sign in again."""
    return await _suspended(runtime, caller, user_id, suspended=False)


async def _suspended(
    runtime: Runtime, caller: Caller, user_id: int, *, suspended: bool
) -> Response:
    user_uuid = await numbers.uuid_of(runtime, caller, "user", user_id)
    view = await service.change_member(runtime, caller, user_uuid, {"suspended": suspended})
    shape = user_shape(view, user_id)
    return changed("user", shape, suspended=suspended)


async def _check_own(runtime: Runtime, caller: Caller, password: PasswordChange) -> None:
    current = password.current.get_secret_value() if password.current else ""
    await member_passwords.check_own_password(runtime, caller, current)


async def _shape(runtime: Runtime, caller: Caller, view: MemberView) -> UserShape:
    return user_shape(view, await numbers.number_of(runtime, caller, "user", view.uuid))
