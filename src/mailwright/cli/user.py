"""`mailwright user`: members, who sign in."""

from __future__ import annotations

import secrets
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mailwright.cli.output import JsonOption, TenantOption, emit, table
from mailwright.cli.process import with_runtime
from mailwright.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from mailwright.services.members import MemberView
    from mailwright.services.runtime import Runtime

app = typer.Typer(help="Make, list, change and remove members.", no_args_is_help=True)

PasswordStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input.")
]
Email = Annotated[str, typer.Argument(help="The member's address.")]


@app.command("create")
def create(
    email: Email,
    role: Annotated[str, typer.Option(help="owner, admin, editor or viewer.")],
    tenant: TenantOption = "default",
    password_stdin: PasswordStdin = False,
    no_api_access: Annotated[
        bool, typer.Option("--no-api-access", help="May not get access tokens, only sign in.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Add a member. Without --password-stdin it asks, or makes a password up and prints it once."""
    from mailwright.services import members, tenants

    given = _password(password_stdin)
    password = given or secrets.token_urlsafe(12)
    new = members.NewMember(email, password, members.parse_role(role), not no_api_access)

    async def work(runtime: Runtime) -> MemberView:
        caller = await tenants.operator_of(runtime, tenant)
        return await members.create_member(runtime, caller, new)

    row = _row(with_runtime(work)) | ({} if given else {"password": password})
    made_up = [] if given else [f"password {password} (shown this once)"]
    emit(row, as_json, lambda: [f"{row['email']}  {row['role']}  {row['id']}", *made_up])


@app.command("invite")
def invite(
    email: Email,
    role: Annotated[str, typer.Option(help="owner, admin, editor or viewer.")] = "editor",
    tenant: TenantOption = "default",
    no_api_access: Annotated[
        bool, typer.Option("--no-api-access", help="May not get access tokens, only sign in.")
    ] = False,
    language: Annotated[
        str | None, typer.Option(help="Of the mail, such as fr. English where it is not given.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Mail somebody a link to join with a password of their own; again, while they have not."""
    from mailwright.domain.locales import parse_locale
    from mailwright.services import invitations, members, tenants

    profile = {"language": parse_locale(language)} if language else {}
    new = members.NewMember(email, None, members.parse_role(role), not no_api_access, profile)

    async def work(runtime: Runtime) -> MemberView:
        caller = await tenants.operator_of(runtime, tenant)
        for known in await _members(runtime, tenant):
            if known.email.lower() == email.lower() and known.invited:
                return await invitations.resend_invitation(runtime, caller, known.uuid)
        return await invitations.invite_member(runtime, caller, new)

    view = with_runtime(work)
    told = (
        f"{view.email} is invited as {view.role}; a link was mailed."
        if view.invitation_sent_at
        else f"{view.email} is invited as {view.role}, but the mail did not leave: invite again."
    )
    emit(_row(view), as_json, lambda: [told])


@app.command("password")
def password(
    email: Email,
    password_stdin: PasswordStdin = False,
    as_json: JsonOption = False,
) -> None:
    """Set a member's password, in every tenant; all of their sessions end."""
    from mailwright.services import member_passwords

    new = _password(password_stdin)
    if new is None:
        raise InvalidInput.field(
            "password", "Give the new password on standard input, with --password-stdin."
        )
    changed = with_runtime(lambda runtime: member_passwords.set_password(runtime, email, new))
    row = {"email": changed[0].email, "memberships": len(changed)}
    emit(row, as_json, lambda: [f"The password of {row['email']} is set; sessions have ended."])


@app.command("mfa-reset")
def reset_codes(email: Email, as_json: JsonOption = False) -> None:
    """Ask a member for no one-time codes any more, in every tenant; all of their sessions end."""
    from mailwright.services import authenticators

    count = with_runtime(lambda runtime: authenticators.reset_authenticators(runtime, email))
    row = {"email": email, "memberships": count}
    emit(row, as_json, lambda: [f"{email} signs in with the password alone; sessions have ended."])


@app.command("list")
def list_them(tenant: TenantOption = "default", as_json: JsonOption = False) -> None:
    """List a tenant's members by address."""

    async def work(runtime: Runtime) -> list[dict[str, Any]]:
        return [_row(member) for member in await _members(runtime, tenant)]

    rows = with_runtime(work)
    emit(
        rows,
        as_json,
        lambda: table(
            [
                [row["id"], row["email"], row["role"], "invited" if row["invited"] else ""]
                for row in rows
            ],
            ["ID", "EMAIL", "ROLE", ""],
        ),
    )


@app.command("role")
def change_role(
    email: Email,
    role: Annotated[str, typer.Argument(help="owner, admin, editor or viewer.")],
    tenant: TenantOption = "default",
    as_json: JsonOption = False,
) -> None:
    """Give a member another role; it holds at once."""

    async def work(runtime: Runtime) -> MemberView:
        from mailwright.services import members, tenants

        caller = await tenants.operator_of(runtime, tenant)
        found = await _member(runtime, tenant, email)
        changes: members.MemberChanges = {"role": members.parse_role(role)}
        return await members.change_member(runtime, caller, found.uuid, changes)

    row = _row(with_runtime(work))
    emit(row, as_json, lambda: [f"{row['email']} is {row['role']} now."])


@app.command("remove")
def remove(email: Email, tenant: TenantOption = "default", as_json: JsonOption = False) -> None:
    """Remove a member, who is signed out at once, or withdraw an invitation. An owner stays."""

    async def work(runtime: Runtime) -> MemberView:
        from mailwright.services import members, tenants

        caller = await tenants.operator_of(runtime, tenant)
        found = await _member(runtime, tenant, email)
        await members.delete_member(runtime, caller, found.uuid)
        return found

    row = _row(with_runtime(work))
    emit(row, as_json, lambda: [f"{row['email']} is no member any more."])


async def _members(runtime: Runtime, tenant: str) -> list[MemberView]:
    from mailwright.services import members, tenants
    from mailwright.services.paging import Page

    caller = await tenants.operator_of(runtime, tenant)
    found: list[MemberView] = []
    while True:
        page = await members.page_members(runtime, caller, Page(len(found) // 100 + 1))
        found += page.items
        if not page.items or len(found) >= page.total:
            return found


async def _member(runtime: Runtime, tenant: str, email: str) -> MemberView:
    found = [row for row in await _members(runtime, tenant) if row.email.lower() == email.lower()]
    if not found:
        raise NotFound(f"There is no member {email}.")
    return found[0]


def _password(from_stdin: bool) -> str | None:
    """From standard input, or typed twice on a terminal; None where there is neither."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        return None
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))


def _row(member: MemberView) -> dict[str, Any]:
    return {
        "id": str(member.uuid),
        "email": member.email,
        "role": member.role,
        "api_access": member.api_access,
        "invited": member.invited,
    }
