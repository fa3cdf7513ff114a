"""Members: roles, and who may give and take them."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from mailwright.domain.scopes import ROLE_SCOPES, Role
from mailwright.errors import Conflict, Forbidden, MailwrightError, NotFound, Unauthenticated
from mailwright.services import member_passwords, members, sessions
from mailwright.services.caller import Caller
from mailwright.services.members import MemberView, NewMember
from mailwright.services.paging import Page
from mailwright.services.runtime import Runtime

PASSWORD = "correct horse battery staple"


async def add(runtime: Runtime, caller: Caller, name: str, role: Role) -> MemberView:
    return await members.create_member(
        runtime, caller, NewMember(f"{name}@example.com", PASSWORD, role)
    )


def acting(caller: Caller, member: MemberView) -> Caller:
    """The member as a caller, as their session makes them."""
    role = Role(member.role)
    return replace(caller, actor=f"member:{member.uuid}", granted=ROLE_SCOPES[role])


async def test_the_last_owner_stays(runtime: Runtime, caller: Caller) -> None:
    ada = await add(runtime, caller, "ada", Role.OWNER)
    owner = acting(caller, ada)
    for role in (Role.ADMIN, Role.VIEWER):
        with pytest.raises(Conflict) as caught:
            await members.change_member(runtime, owner, ada.uuid, {"role": role})
        assert caught.value.code == "LAST_OWNER"
    with pytest.raises(Conflict):
        await members.delete_member(runtime, owner, ada.uuid)
    changed = await members.change_member(runtime, owner, ada.uuid, {"api_access": False})
    assert (changed.role, changed.api_access) == ("owner", False)
    await add(runtime, owner, "bo", Role.OWNER)
    await members.delete_member(runtime, owner, ada.uuid)
    left = await members.page_members(runtime, caller, Page())
    assert [row.email for row in left.items] == ["bo@example.com"]


async def test_two_owners_cannot_remove_each_other_at_once(
    runtime: Runtime, caller: Caller
) -> None:
    ada, bo = [await add(runtime, caller, name, Role.OWNER) for name in ("ada", "bo")]
    outcomes = await asyncio.gather(
        members.delete_member(runtime, acting(caller, ada), bo.uuid),
        members.delete_member(runtime, acting(caller, bo), ada.uuid),
        return_exceptions=True,
    )
    assert len([found for found in outcomes if isinstance(found, MailwrightError)]) == 1
    assert (await members.page_members(runtime, caller, Page())).total == 1


async def test_nobody_gives_or_takes_more_than_their_own_rights(
    runtime: Runtime, caller: Caller
) -> None:
    ada = await add(runtime, caller, "ada", Role.OWNER)
    admin = acting(caller, await add(runtime, caller, "bo", Role.ADMIN))
    key = replace(caller, granted=ROLE_SCOPES[Role.VIEWER] | {"members:write"})
    for low in (admin, key):
        with pytest.raises(Forbidden):
            await add(runtime, low, "new", Role.OWNER)
        with pytest.raises(Forbidden):
            await members.change_member(runtime, low, ada.uuid, {"role": Role.VIEWER})
        with pytest.raises(Forbidden):
            await members.delete_member(runtime, low, ada.uuid)
        with pytest.raises(Forbidden):
            await member_passwords.change_password(runtime, low, ada.uuid, "a new pass phrase")
    with pytest.raises(Forbidden):
        await add(runtime, key, "new", Role.EDITOR)
    viewer = await add(runtime, key, "vi", Role.VIEWER)
    with pytest.raises(Forbidden):
        await members.change_member(runtime, key, viewer.uuid, {"role": Role.ADMIN})


@pytest.mark.parametrize("role", [Role.EDITOR, Role.VIEWER])
async def test_editors_and_viewers_see_members_and_change_none(
    runtime: Runtime, caller: Caller, role: Role
) -> None:
    ada = await add(runtime, caller, "ada", Role.OWNER)
    low = acting(caller, await add(runtime, caller, "lo", role))
    assert (await members.get_member(runtime, low, ada.uuid)).email == "ada@example.com"
    for deed in (
        add(runtime, low, "new", Role.VIEWER),
        members.change_member(runtime, low, ada.uuid, {"api_access": False}),
        members.delete_member(runtime, low, ada.uuid),
        member_passwords.change_password(runtime, low, ada.uuid, "a new pass phrase"),
    ):
        with pytest.raises(Forbidden) as caught:
            await deed
        assert caught.value.details == {"missing_scope": "members:write"}


async def test_a_new_role_holds_at_once_and_who_is_removed_is_signed_out(
    runtime: Runtime, caller: Caller
) -> None:
    bo = await add(runtime, caller, "bo", Role.VIEWER)
    token = (await sessions.sign_in(runtime, bo.email, PASSWORD, "192.0.2.1")).token
    await members.change_member(runtime, caller, bo.uuid, {"role": Role.EDITOR})
    session = await sessions.authenticate_session(runtime, token)
    session.caller.require("campaigns:write")
    await members.delete_member(runtime, caller, bo.uuid)
    with pytest.raises(Unauthenticated):
        await sessions.authenticate_session(runtime, token)
    with pytest.raises(NotFound):
        await members.get_member(runtime, caller, bo.uuid)
