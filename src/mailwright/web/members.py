"""`/settings/members`: who signs in here, and what they may do."""

from __future__ import annotations

from starlette.responses import Response

from mailwright.domain.scopes import Role
from mailwright.errors import Conflict, InvalidInput
from mailwright.services import invitations
from mailwright.services import members as service
from mailwright.services.members import MemberChanges, NewMember, parse_role
from mailwright.web.forms import Form
from mailwright.web.visits import Visit

PATH = "/settings/members"
#: Each role in words for people.
ROLES = (
    (Role.VIEWER, "Viewer: reads"),
    (Role.EDITOR, "Editor: contents, contacts and campaigns"),
    (Role.ADMIN, "Admin: everything but ownership"),
    (Role.OWNER, "Owner: everything"),
)


async def show(visit: Visit) -> Response:
    """The members by address."""
    return await _page(visit, {"role": "editor", "api_access": "on"})


async def create(visit: Visit) -> Response:
    """The new member, invited where no password was given, or the form again with what is wrong."""
    form = visit.form
    password = form.get("password", "") or None
    add = invitations.invite_member if password is None else service.create_member
    try:
        role = parse_role(form.get("role", ""))
        new = NewMember(form.get("email", "").strip(), password, role, "api_access" in form)
        made = await add(visit.runtime, visit.caller, new)
    except (InvalidInput, Conflict) as error:
        return await _page(visit, form, error)
    if not made.invited:
        said = f"{made.email} can sign in with the password you gave; tell them to change it."
        return visit.go(PATH, said=said)
    if made.invitation_sent_at is None:
        return visit.go(PATH, error=f"{made.email} is invited, but the mail did not leave.")
    return visit.go(PATH, said=f"{made.email} is invited: a link to join was mailed.")


async def resend(visit: Visit) -> Response:
    """The link of the invitation once more."""
    member_uuid = visit.path_id("uuid", "member")
    view = await invitations.resend_invitation(visit.runtime, visit.caller, member_uuid)
    return visit.go(PATH, said=f"A link to join was mailed to {view.email}.")


async def reset_password(visit: Visit) -> Response:
    """A link to set a new password."""
    member_uuid = visit.path_id("uuid", "member")
    view = await invitations.reset_password(visit.runtime, visit.caller, member_uuid)
    return visit.go(PATH, said=f"A link to set a new password was mailed to {view.email}.")


async def change(visit: Visit) -> Response:
    """Another role, or access to the API."""
    changes: MemberChanges = {
        "role": parse_role(visit.form.get("role", "")),
        "api_access": "api_access" in visit.form,
    }
    changed = await service.change_member(
        visit.runtime, visit.caller, visit.path_id("uuid", "member"), changes
    )
    return visit.go(PATH, said=f"{changed.email} is {_article(changed.role)} {changed.role} now.")


async def suspend(visit: Visit) -> Response:
    """Signed out at once and kept out; everything they made stays."""
    return await _switched(visit, "{} is suspended: signed out, and cannot sign in.", on=True)


async def unsuspend(visit: Visit) -> Response:
    """May sign in again, as before."""
    return await _switched(visit, "{} may sign in again.", on=False)


async def _switched(visit: Visit, said: str, *, on: bool) -> Response:
    member_uuid = visit.path_id("uuid", "member")
    changes: MemberChanges = {"suspended": on}
    view = await service.change_member(visit.runtime, visit.caller, member_uuid, changes)
    return visit.go(PATH, said=said.format(view.email))


async def remove(visit: Visit) -> Response:
    """Gone, and signed out; who was only invited cannot join any more."""
    await service.delete_member(visit.runtime, visit.caller, visit.path_id("uuid", "member"))
    return visit.go(PATH, said="The member was removed.")


def _article(word: str) -> str:
    return "an" if word[0] in "aeiou" else "a"


async def _page(visit: Visit, form: Form, error: InvalidInput | Conflict | None = None) -> Response:
    paged = await service.page_members(visit.runtime, visit.caller, visit.page())
    return await visit.show(
        "members/list.html",
        422 if error else 200,
        paged=paged,
        form=form,
        roles=ROLES,
        **visit.faults(error),
    )
