"""Invitations and forgotten passwords in Cakemail's form."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import httpx2
import pytest
from starlette.types import ASGIApp

from mailwright.domain.scopes import Role
from mailwright.services import access_tokens, members
from mailwright.services.access_tokens import Grant
from mailwright.services.caller import Caller
from mailwright.services.members import NewMember
from mailwright.services.runtime import Runtime
from tests.dialects.cakemail.conftest import client_of
from tests.dialects.cakemail.document import assert_answer
from tests.password_mails import last_mail, last_token, leaving_for, mail_what_was_asked_for
from tests.smtp_sink import SmtpSink

EMAIL = "ada@example.com"
PASSWORD = "correct horse battery staple"
NEW = "another fine pass phrase"
BO: dict[str, Any] = {"email": "bo@example.com", "first_name": "Bo", "last_name": "Quay"}
CONFIRM = "/users/{user_id}/confirm"
RESEND = "/users/{user_id}/resend-verification-email"
RESET = "/users/{user_id}/reset-password"
RESET_CONFIRM = "/users/reset-password-confirm"
FORGOT = "/users/forgot-my-password"


@pytest.fixture
async def sink() -> AsyncGenerator[SmtpSink]:
    async with SmtpSink() as made:
        yield made


@pytest.fixture
async def runtime(runtime: Runtime, sink: SmtpSink) -> Runtime:
    return leaving_for(runtime, sink)


@pytest.fixture
async def client(
    application: ASGIApp, runtime: Runtime, caller: Caller
) -> AsyncGenerator[httpx2.AsyncClient]:
    """Ada, signed in."""
    await members.create_member(runtime, caller, NewMember(EMAIL, PASSWORD, Role.OWNER))
    pair = await access_tokens.sign_in(runtime, Grant(EMAIL, PASSWORD), "192.0.2.1")
    async with client_of(application, pair.access_token) as made:
        yield made


async def _signs_in(stranger: httpx2.AsyncClient, email: str, password: str) -> int:
    form = {"username": email, "password": password}
    return (await stranger.post("/token", data=form)).status_code


async def test_a_user_without_a_password_is_pending_until_they_confirm(
    client: httpx2.AsyncClient, stranger: httpx2.AsyncClient, sink: SmtpSink
) -> None:
    body = BO | {"language": "fr_CA"}
    made = assert_answer("/users", await client.post("/users", json=body), 201)
    assert made["data"]["status"] == "pending"
    assert last_mail(sink)["Subject"] == "Invitation à rejoindre Acme"
    for word, count in (("pending", 1), ("active", 1), ("suspended", 0)):
        found = await client.get(f"/users?filter=status=={word}")
        assert len(assert_answer("/users", found)["data"]) == count, word
    number = made["id"]
    again = await client.post(f"/users/{number}/resend-verification-email")
    assert assert_answer(RESEND, again) == {"object": "user", "confirmation_resent": True}
    other = (await client.get("/users/self")).json()["id"]
    token = {"confirmation": last_token(sink), "password": NEW}
    wrong = await stranger.post(f"/users/{other}/confirm", json=token)
    told = assert_answer(CONFIRM, wrong, 400)
    assert told["detail"][0]["loc"] == ["body", "confirmation"]
    confirmed = assert_answer(CONFIRM, await stranger.post(f"/users/{number}/confirm", json=token))
    assert (confirmed["confirmed"], confirmed["data"]["status"]) == (True, "active")
    assert await _signs_in(stranger, BO["email"], NEW) == 200
    assert_answer(CONFIRM, await stranger.post(f"/users/{number}/confirm", json=token), 400)
    late = await client.post(f"/users/{number}/resend-verification-email")
    assert_answer(RESEND, late, 400)


async def test_without_a_mail_a_user_needs_a_password(
    client: httpx2.AsyncClient, sink: SmtpSink
) -> None:
    answer = await client.post("/users?skip_verification=true", json=BO)
    told = assert_answer("/users", answer, 400)
    assert told["detail"][0]["loc"] == ["body", "password"]
    body = BO | {"password": PASSWORD}
    made = assert_answer("/users", await client.post("/users", json=body), 201)
    assert made["data"]["status"] == "active"
    assert sink.mails == []


@pytest.mark.checklist("SEC-12")
async def test_a_forgotten_password_gets_the_same_answer_whoever_asks(
    client: httpx2.AsyncClient, stranger: httpx2.AsyncClient, runtime: Runtime, sink: SmtpSink
) -> None:
    for email in (EMAIL, "nobody@example.com"):
        answer = await stranger.post(f"{FORGOT}?language=fr_CA", json={"email": email})
        told = assert_answer(FORGOT, answer)
        assert told == {"email": email, "object": "user", "reset_link_sent": True}
    await mail_what_was_asked_for(runtime)
    assert sink.recipients == [EMAIL]
    assert last_mail(sink)["Subject"] == "Un nouveau mot de passe pour Acme"
    token = last_token(sink)
    short = await stranger.post(RESET_CONFIRM, json={"token": token, "password": "short"})
    assert_answer(RESET_CONFIRM, short, 422)
    done = await stranger.post(RESET_CONFIRM, json={"token": token, "password": NEW})
    assert assert_answer(RESET_CONFIRM, done) == {"object": "user", "password_reset": True}
    assert (await client.get("/users/self")).status_code == 401
    assert await _signs_in(stranger, EMAIL, PASSWORD) == 401
    assert await _signs_in(stranger, EMAIL, NEW) == 200
    again = await stranger.post(RESET_CONFIRM, json={"token": token, "password": PASSWORD})
    assert assert_answer(RESET_CONFIRM, again, 400)["detail"][0]["loc"] == ["body", "token"]
    for _ in range(2):
        await stranger.post(FORGOT, json={"email": EMAIL})
    limited = await stranger.post(FORGOT, json={"email": EMAIL})
    assert limited.status_code == 429
    no_address = await stranger.post(FORGOT, json={"email": "nobody"})
    assert_answer(FORGOT, no_address, 422)


@pytest.mark.checklist("SEC-10")
async def test_a_link_is_asked_for_in_one_account_only(
    client: httpx2.AsyncClient, stranger: httpx2.AsyncClient, runtime: Runtime, sink: SmtpSink
) -> None:
    del client
    await stranger.post(f"{FORGOT}?account_id=4711", json={"email": EMAIL})
    await mail_what_was_asked_for(runtime)
    assert sink.mails == []


async def test_users_and_whoever_runs_the_account_have_links_mailed(
    client: httpx2.AsyncClient, stranger: httpx2.AsyncClient, sink: SmtpSink
) -> None:
    answer = await client.post("/users/self/reset-password")
    told = assert_answer("/users/self/reset-password", answer)
    assert (told["email"], told["reset_link_sent"]) == (EMAIL, True)
    number = (await client.post("/users", json=BO | {"password": PASSWORD})).json()["id"]
    path = f"/users/{number}/reset-password"
    assert assert_answer(RESET, await client.post(path))["email"] == BO["email"]
    assert await _signs_in(stranger, BO["email"], PASSWORD) == 200
    ended = await client.post(path, json={"invalidate_current_password": True})
    assert_answer(RESET, ended)
    assert await _signs_in(stranger, BO["email"], PASSWORD) == 401
    done = {"token": last_token(sink), "password": NEW}
    assert_answer(RESET_CONFIRM, await stranger.post(RESET_CONFIRM, json=done))
    assert await _signs_in(stranger, BO["email"], NEW) == 200
    assert_answer(RESET, await client.post("/users/4711/reset-password"), 404)
    for path in ("/users/self/reset-password", f"/users/{number}/reset-password"):
        assert (await stranger.post(path)).status_code == 401
