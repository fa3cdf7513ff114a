"""Mailed links to set a password: for who forgot it, and for who is invited."""

from __future__ import annotations

import asyncio
import statistics
import time
from dataclasses import replace

import pytest
from pydantic import SecretStr

from mailwright.domain.doors import Door
from mailwright.domain.scopes import ROLE_SCOPES, Role
from mailwright.errors import (
    Conflict,
    Forbidden,
    InvalidInput,
    NotFound,
    RateLimited,
    Unauthenticated,
)
from mailwright.services import (
    access_tokens,
    audit,
    forgotten_passwords,
    inbox,
    invitations,
    member_passwords,
    members,
    password_links,
    projects,
    senders,
    sessions,
)
from mailwright.services.access_tokens import Grant
from mailwright.services.caller import Caller
from mailwright.services.members import MemberView, NewMember
from mailwright.services.paging import Page
from mailwright.services.projects import ProjectChanges
from mailwright.services.runtime import Runtime
from mailwright.services.sign_in_throttle import Throttle
from mailwright.wire.smtp_reply import Phase
from tests.builders import MadeTenant, make_tenant
from tests.clock import Clock
from tests.password_mails import last_mail, last_token, mail_what_was_asked_for, mailing
from tests.smtp_sink import SmtpSink

EMAIL = "Ada@Example.com"
PASSWORD = "correct horse battery staple"
NEW = "another fine pass phrase"
HERE = "192.0.2.1"


@pytest.fixture
async def ada(runtime: Runtime, caller: Caller) -> MemberView:
    return await members.create_member(runtime, caller, NewMember(EMAIL, PASSWORD, Role.EDITOR))


async def ask(runtime: Runtime, email: str = EMAIL, address: str = HERE) -> None:
    await forgotten_passwords.ask_for_links(runtime, email, address, Door.DASHBOARD)


async def asked(runtime: Runtime, sink: SmtpSink, email: str = EMAIL) -> str:
    """The token that came for `email`."""
    await ask(runtime, email)
    await mail_what_was_asked_for(runtime)
    return last_token(sink)


async def use(runtime: Runtime, token: str, password: str = NEW) -> MemberView:
    return await password_links.use_link(runtime, token, password, Door.DASHBOARD)


async def actions(runtime: Runtime, caller: Caller) -> list[tuple[str, str]]:
    """Action and actor of every entry of the audit log, oldest first."""
    found = await audit.page_audit_log(runtime, caller, per_page=100)
    return [(entry.action, entry.actor) for entry in reversed(found.items)]


@pytest.mark.checklist("SEC-13")
async def test_a_forgotten_password_is_replaced_and_every_sign_in_before_it_ends(
    runtime: Runtime, caller: Caller, ada: MemberView
) -> None:
    session = await sessions.sign_in(runtime, EMAIL, PASSWORD, HERE)
    pair = await access_tokens.sign_in(runtime, Grant(EMAIL, PASSWORD), HERE)
    async with mailing(runtime, system_email="post@mailwright.example") as (sink, runtime):
        token = await asked(runtime, sink)
        assert sink.recipients == ["Ada@example.com"]
        mail = last_mail(sink)
        assert mail["From"].addresses[0].addr_spec == "post@mailwright.example"
        assert mail["Subject"] == "A new password for Acme"
        view = await password_links.get_link(runtime, token)
        assert (view.email, view.tenant_name, view.invited) == (EMAIL, "Acme", False)
        await sessions.authenticate_session(runtime, session.token)
        changed = await use(runtime, token)
        assert changed.uuid == ada.uuid
    with pytest.raises(Unauthenticated):
        await sessions.authenticate_session(runtime, session.token)
    with pytest.raises(Unauthenticated):
        await access_tokens.authenticate(runtime, pair.access_token, Door.API)
    with pytest.raises(Unauthenticated):
        await access_tokens.refresh(runtime, pair.refresh_token)
    with pytest.raises(Unauthenticated):
        await sessions.sign_in(runtime, EMAIL, PASSWORD, HERE)
    await sessions.sign_in(runtime, EMAIL, NEW, HERE)
    assert (await actions(runtime, caller))[-2:] == [
        ("member.forgot-password", "visitor"),
        ("member.password", f"member:{ada.uuid}"),
    ]


@pytest.mark.checklist("SEC-09")
async def test_a_link_works_once_and_looking_at_it_uses_nothing_up(
    runtime: Runtime, ada: MemberView
) -> None:
    async with mailing(runtime) as (sink, runtime):
        token = await asked(runtime, sink)
        for _ in range(20):
            await password_links.get_link(runtime, token)
        with pytest.raises(InvalidInput):
            await use(runtime, token, "short")
        outcomes = await asyncio.gather(
            *(use(runtime, token, f"password number {n}") for n in range(4)),
            return_exceptions=True,
        )
        assert sum(isinstance(one, MemberView) for one in outcomes) == 1
        assert sum(isinstance(one, NotFound) for one in outcomes) == 3
        with pytest.raises(NotFound):
            await password_links.get_link(runtime, token)


async def test_a_link_ends_after_an_hour_with_another_password_and_with_the_member(
    runtime: Runtime, caller: Caller, ada: MemberView, clock: Clock
) -> None:
    async with mailing(runtime) as (sink, runtime):
        first = await asked(runtime, sink)
        second = await asked(runtime, sink)
        assert first != second
        await use(runtime, first)
        with pytest.raises(NotFound):
            await use(runtime, second)
        third = await asked(runtime, sink)
        await member_passwords.change_password(runtime, caller, ada.uuid, PASSWORD)
        with pytest.raises(NotFound):
            await use(runtime, third)
        clock.advance(hours=1)
        fourth = await asked(runtime, sink)
        await members.change_member(runtime, caller, ada.uuid, {"suspended": True})
        with pytest.raises(NotFound):
            await use(runtime, fourth)
        await members.change_member(runtime, caller, ada.uuid, {"suspended": False})
        clock.advance(minutes=61)
        with pytest.raises(NotFound):
            await use(runtime, fourth)


@pytest.mark.parametrize("token", ["", "x", "x" * 5000, "\0", "ä"])
async def test_made_up_links_open_nothing(runtime: Runtime, ada: MemberView, token: str) -> None:
    with pytest.raises(NotFound):
        await password_links.get_link(runtime, token)
    with pytest.raises(NotFound):
        await use(runtime, token)


@pytest.mark.checklist("SEC-11")
async def test_the_database_holds_no_link_that_works(runtime: Runtime, ada: MemberView) -> None:
    async with mailing(runtime) as (sink, runtime):
        token = await asked(runtime, sink)
        async with runtime.database.raw() as connection:
            dump = str(await connection.fetch("SELECT * FROM password_links"))
            dump += str(await connection.fetch("SELECT * FROM audit_log"))
        assert token not in dump
        assert len(token) >= 43


@pytest.mark.checklist("SEC-12")
async def test_unknown_and_suspended_people_get_the_same_answer_and_no_mail(
    runtime: Runtime, caller: Caller, ada: MemberView
) -> None:
    bo = await members.create_member(
        runtime, caller, NewMember("bo@example.com", PASSWORD, Role.VIEWER)
    )
    await members.change_member(runtime, caller, bo.uuid, {"suspended": True})
    async with mailing(runtime) as (sink, runtime):
        for email in ("nobody@example.com", "bo@example.com", EMAIL):
            assert await ask(runtime, email) is None  # pyright: ignore[reportUnnecessaryComparison]
        assert await mail_what_was_asked_for(runtime) == 3, "a job for each, whoever it is"
        assert sink.recipients == ["Ada@example.com"]
        with pytest.raises(InvalidInput):
            await ask(runtime, "no address")


@pytest.mark.checklist("SEC-12")
async def test_an_unknown_address_costs_the_same_time(runtime: Runtime, ada: MemberView) -> None:
    patient = replace(
        runtime,
        links_asked_for=Throttle(tries=10_000, window_seconds=60),
        links_asked_from=Throttle(tries=10_000, window_seconds=60),
    )
    seconds: dict[str, list[float]] = {EMAIL: [], "nobody@example.com": []}
    for _ in range(40):
        for email, taken in seconds.items():
            start = time.process_time()
            await ask(patient, email)
            taken.append(time.process_time() - start)
    known, unknown = (statistics.median(taken) for taken in seconds.values())
    assert abs(known - unknown) < 0.25 * known


@pytest.mark.checklist("SEC-12", "SEC-25")
async def test_links_are_limited_per_address_and_per_network_address(
    runtime: Runtime, ada: MemberView, clock: Clock
) -> None:
    async with mailing(runtime) as (sink, runtime):
        for email in (EMAIL, "nobody@example.com"):
            for number in range(3):
                clock.advance(seconds=1)
                await ask(runtime, email, f"198.51.100.{number}")
            with pytest.raises(RateLimited):
                await ask(runtime, email.upper(), "198.51.100.99")
        await mail_what_was_asked_for(runtime)
        assert len(sink.mails) == 3
        for number in range(20):
            await ask(runtime, f"p{number}@example.com")
        with pytest.raises(RateLimited):
            await ask(runtime, "q@example.com")
        clock.advance(hours=1)
        await ask(runtime)


async def test_every_membership_gets_its_own_link_and_the_others_stay_as_they_are(
    runtime: Runtime, caller: Caller, ada: MemberView
) -> None:
    other = await make_tenant(runtime.database, name="Globex")
    there = replace(caller, tenant_id=other.id)
    await members.create_member(runtime, there, NewMember(EMAIL, "in the other one", Role.VIEWER))
    async with mailing(runtime) as (sink, runtime):
        elsewhere = await sessions.sign_in(runtime, EMAIL, "in the other one", HERE)
        await ask(runtime)
        await mail_what_was_asked_for(runtime)
        assert len(sink.mails) == 2
        assert last_mail(sink)["Subject"] == "A new password for Globex"
        sink.mails.pop()
        await use(runtime, last_token(sink))
        await sessions.authenticate_session(runtime, elsewhere.token)
        assert (await sessions.sign_in(runtime, EMAIL, NEW, HERE)).tenant_id == caller.tenant_id
        await forgotten_passwords.ask_for_links(
            runtime, EMAIL, HERE, Door.CAKEMAIL, tenant_id=other.id, language="fr_CA"
        )
        await mail_what_was_asked_for(runtime)
        assert last_mail(sink)["Subject"] == "Un nouveau mot de passe pour Globex"


async def test_a_question_that_waited_too_long_and_a_server_that_refuses_mail_nobody(
    runtime: Runtime, caller: Caller, ada: MemberView, clock: Clock
) -> None:
    async with mailing(runtime) as (sink, runtime):
        await ask(runtime)
        clock.advance(minutes=61)
        await mail_what_was_asked_for(runtime)
        sink.answer(Phase.RCPT, "550 5.1.1 nobody here")
        await ask(runtime)
        await mail_what_was_asked_for(runtime)
        assert sink.mails == []
    async with runtime.database.raw() as connection:
        assert await connection.fetchval("SELECT count(*) FROM password_links") == 0
    assert "member.forgot-password" not in dict(await actions(runtime, caller))


async def test_who_is_invited_joins_with_a_password_of_their_own(
    runtime: Runtime, caller: Caller, clock: Clock
) -> None:
    new = NewMember("bo@example.com", None, Role.VIEWER, profile={"language": "de"})
    async with mailing(runtime) as (sink, runtime):
        bo = await invitations.invite_member(runtime, caller, new)
        assert (bo.invited, bo.invitation_sent_at) == (True, clock())
        assert last_mail(sink)["Subject"] == "Einladung zu Acme"
        for guess in ("", PASSWORD, "None"):
            with pytest.raises(Unauthenticated):
                await sessions.sign_in(runtime, bo.email, guess, HERE)
        clock.advance(days=6)
        joined = await use(runtime, last_token(sink))
        assert (joined.uuid, joined.invited, joined.role) == (bo.uuid, False, "viewer")
        signed_in = await sessions.sign_in(runtime, bo.email, NEW, HERE)
        session = await sessions.authenticate_session(runtime, signed_in.token)
        assert session.role is Role.VIEWER
    assert await actions(runtime, caller) == [
        ("member.invite", "key:test"),
        ("member.join", f"member:{bo.uuid}"),
    ]


async def test_an_invitation_is_sent_again_ends_after_a_week_and_is_withdrawn(
    runtime: Runtime, caller: Caller, clock: Clock
) -> None:
    async with mailing(runtime) as (sink, runtime):
        new = NewMember("bo@example.com", None, Role.VIEWER)
        bo = await invitations.invite_member(runtime, caller, new)
        with pytest.raises(Conflict, match="member already"):
            await invitations.invite_member(runtime, caller, new)
        first = last_token(sink)
        clock.advance(days=7)
        with pytest.raises(NotFound):
            await use(runtime, first)
        for _ in range(5):
            await invitations.resend_invitation(runtime, caller, bo.uuid)
        with pytest.raises(RateLimited):
            await invitations.resend_invitation(runtime, caller, bo.uuid)
        await members.delete_member(runtime, caller, bo.uuid)
        with pytest.raises(NotFound):
            await use(runtime, last_token(sink))
        clock.advance(hours=1)
        again = await invitations.invite_member(runtime, caller, new)
        await use(runtime, last_token(sink))
        with pytest.raises(Conflict) as joined:
            await invitations.resend_invitation(runtime, caller, again.uuid)
        assert joined.value.code == "MEMBER_JOINED"


async def test_a_mail_that_does_not_leave_is_told_and_can_be_sent_again(
    runtime: Runtime, caller: Caller
) -> None:
    async with mailing(runtime) as (sink, runtime):
        sink.answer(Phase.RCPT, "550 5.1.1 nobody here", times=2)
        bo = await invitations.invite_member(
            runtime, caller, NewMember("bo@example.com", None, Role.VIEWER)
        )
        assert (bo.invited, bo.invitation_sent_at) == (True, None)
        with pytest.raises(Conflict, match="nobody here") as refused:
            await invitations.resend_invitation(runtime, caller, bo.uuid)
        assert refused.value.code == "MAIL_NOT_SENT"
        await invitations.resend_invitation(runtime, caller, bo.uuid)
        assert len(sink.mails) == 1


async def test_who_forgot_that_they_were_invited_joins_too(
    runtime: Runtime, caller: Caller
) -> None:
    async with mailing(runtime) as (sink, runtime):
        new = NewMember("bo@example.com", None, Role.VIEWER)
        await invitations.invite_member(runtime, caller, new)
        token = await asked(runtime, sink, "bo@example.com")
        assert last_mail(sink)["Subject"] == "You are invited to Acme"
        assert not (await use(runtime, token)).invited


@pytest.mark.checklist("SEC-10")
async def test_a_member_of_another_tenant_is_invited_like_anybody_and_keeps_what_they_have_there(
    runtime: Runtime, caller: Caller, ada: MemberView
) -> None:
    session = await sessions.sign_in(runtime, EMAIL, PASSWORD, HERE)
    other = await make_tenant(runtime.database, name="Globex")
    there = replace(caller, tenant_id=other.id)
    async with mailing(runtime) as (sink, runtime):
        known, unknown = [
            await invitations.invite_member(runtime, there, NewMember(email, None, Role.EDITOR))
            for email in (EMAIL, "nobody@example.com")
        ]
        likewise = replace(
            known, uuid=unknown.uuid, email=unknown.email, created_at=unknown.created_at
        )
        assert likewise == unknown
        with pytest.raises(NotFound):
            await invitations.resend_invitation(runtime, there, ada.uuid)
        sink.mails.pop()
        joined = await use(runtime, last_token(sink))
        assert joined.uuid == known.uuid
    here = await sessions.authenticate_session(runtime, session.token)
    assert here.caller.tenant_id == caller.tenant_id
    assert (await sessions.sign_in(runtime, EMAIL, PASSWORD, HERE)).tenant_id == caller.tenant_id
    assert (await sessions.sign_in(runtime, EMAIL, NEW, HERE)).tenant_id == other.id


async def test_an_invited_owner_is_none_yet_and_their_address_proves_nothing(
    runtime: Runtime, caller: Caller
) -> None:
    new = NewMember("bo@harbour.example", None, Role.OWNER)
    ada = await members.create_member(runtime, caller, NewMember(EMAIL, PASSWORD, Role.OWNER))
    async with mailing(runtime) as (sink, runtime):
        bo = await invitations.invite_member(runtime, caller, new)
        with pytest.raises(Conflict) as last:
            await members.delete_member(runtime, caller, ada.uuid)
        assert last.value.code == "LAST_OWNER"
        url = SecretStr(f"smtp://0.0.0.0:{sink.transport.port}?tls=none")
        settings = runtime.settings.model_copy(update={"smtp_url": url})
        away = replace(runtime, settings=settings)
        sender = await senders.create_sender(away, caller, bo.email, "Bo")
        assert not sender.confirmed
        await senders.delete_sender(away, caller, sender.uuid)
        sink.mails.pop()
        await use(runtime, last_token(sink))
        assert (await senders.create_sender(away, caller, bo.email, "Bo")).confirmed
        await members.delete_member(runtime, caller, ada.uuid)
    only = await invitations.invite_member(
        runtime, caller, replace(new, email="cy@harbour.example")
    )
    await members.delete_member(runtime, caller, only.uuid)


async def test_nobody_is_invited_or_reset_above_ones_own_rights(
    runtime: Runtime, caller: Caller
) -> None:
    ada = await members.create_member(runtime, caller, NewMember(EMAIL, PASSWORD, Role.OWNER))
    bo = await members.create_member(
        runtime, caller, NewMember("bo@example.com", PASSWORD, Role.ADMIN)
    )
    admin = replace(caller, actor=f"member:{bo.uuid}", granted=ROLE_SCOPES[Role.ADMIN])
    editor = replace(caller, granted=ROLE_SCOPES[Role.EDITOR])
    for deed in (
        invitations.invite_member(runtime, admin, NewMember("x@example.com", None, Role.OWNER)),
        invitations.reset_password(runtime, admin, ada.uuid),
        invitations.invite_member(runtime, editor, NewMember("x@example.com", None, Role.VIEWER)),
        invitations.reset_password(runtime, editor, bo.uuid),
        invitations.resend_invitation(runtime, editor, bo.uuid),
        invitations.reset_own_password(runtime, caller),
    ):
        with pytest.raises(Forbidden):
            await deed


async def test_an_administrator_has_a_link_mailed_and_may_end_the_present_password(
    runtime: Runtime, caller: Caller, ada: MemberView
) -> None:
    session = await sessions.sign_in(runtime, EMAIL, PASSWORD, HERE)
    async with mailing(runtime) as (sink, runtime):
        await invitations.reset_password(runtime, caller, ada.uuid)
        await sessions.authenticate_session(runtime, session.token)
        sink.answer(Phase.RCPT, "450 4.2.1 later", times=1)
        with pytest.raises(Conflict):
            await invitations.reset_password(runtime, caller, ada.uuid, invalidate=True)
        await sessions.sign_in(runtime, EMAIL, PASSWORD, HERE)
        await invitations.reset_password(runtime, caller, ada.uuid, invalidate=True)
        with pytest.raises(Unauthenticated):
            await sessions.authenticate_session(runtime, session.token)
        with pytest.raises(Unauthenticated):
            await sessions.sign_in(runtime, EMAIL, PASSWORD, HERE)
        await use(runtime, last_token(sink))
        await sessions.sign_in(runtime, EMAIL, NEW, HERE)
        own = replace(caller, actor=f"member:{ada.uuid}")
        await invitations.reset_own_password(runtime, own)
        assert len(sink.mails) == 3


async def test_who_may_write_projects_cannot_lead_the_link_to_a_server_of_their_own(
    runtime: Runtime, caller: Caller, ada: MemberView
) -> None:
    async with SmtpSink() as theirs, mailing(runtime) as (ours, sending):
        server: ProjectChanges = {
            "name": "Mine",
            "host": "127.0.0.1",
            "port": theirs.transport.port,
            "tls": "none",
            "is_default": True,
        }
        await projects.create_project(sending, caller, server)
        await asked(sending, ours)
        assert theirs.mails == []
        await ask(runtime)  # where the installation has no server, theirs is the only way out
        await mail_what_was_asked_for(runtime)
        assert len(theirs.mails) == 1


async def test_in_the_inbox_only_who_may_do_everything_sees_the_mail(
    runtime: Runtime, caller: Caller, tenant: MadeTenant, ada: MemberView
) -> None:
    async with mailing(runtime) as (sink, sending):
        await asked(sending, sink)
        await inbox.capture(runtime, sink.mails[-1])
    [row] = (await inbox.page_inbox(runtime, caller, Page())).items
    assert await inbox.count_unseen(runtime, caller) == 1
    editor = replace(caller, granted=ROLE_SCOPES[Role.EDITOR])
    assert (await inbox.page_inbox(runtime, editor, Page())).items == []
    assert await inbox.count_unseen(runtime, editor) == 0
    for look in (inbox.get_mail, inbox.get_raw, inbox.get_html, inbox.delete_mail):
        with pytest.raises(NotFound):
            await look(runtime, editor, row.uuid)
    assert await inbox.delete_every_mail(runtime, editor) == 0
    assert await inbox.delete_every_mail(runtime, caller) == 1
