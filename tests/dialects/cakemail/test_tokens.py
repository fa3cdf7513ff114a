"""`POST /token` and what its tokens open (seed 001; vendors.md 1.1, 1.3)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import httpx2
import pytest
from pyotp.totp import TOTP
from starlette.types import ASGIApp

from mailwright.domain.doors import Door
from mailwright.domain.scopes import ROLE_SCOPES, Role
from mailwright.services import access_tokens, authenticators, member_passwords, members
from mailwright.services.access_tokens import Grant
from mailwright.services.caller import Caller
from mailwright.services.members import MemberView, NewMember
from mailwright.services.runtime import Runtime
from tests.builders import MadeTenant, make_tenant
from tests.clock import Clock
from tests.dialects.cakemail.conftest import client_of
from tests.dialects.cakemail.document import assert_answer

EMAIL = "ada@example.com"
PASSWORD = "correct horse battery staple"
FORM = {"grant_type": "password", "username": EMAIL, "password": PASSWORD}


@pytest.fixture
async def ada(runtime: Runtime, caller: Caller) -> MemberView:
    return await members.create_member(runtime, caller, NewMember(EMAIL, PASSWORD, Role.ADMIN))


async def _tokens(client: httpx2.AsyncClient, **form: Any) -> dict[str, Any]:
    return assert_answer("/token", await client.post("/token", data=FORM | form))


async def _status(application: ASGIApp, token: str, path: str = "/cakemail/lists") -> int:
    async with client_of(application, token) as client:
        return (await client.get(f"http://mailwright.test{path}")).status_code


@pytest.mark.checklist("E01", "E02")
async def test_address_and_password_get_a_token_that_every_call_accepts(
    stranger: httpx2.AsyncClient, application: ASGIApp, ada: MemberView, tenant: MadeTenant
) -> None:
    told = await _tokens(stranger)
    assert told["token_type"] == "bearer"
    assert told["accounts"] == [tenant.id]
    assert told["expires_in"] > 300
    assert told["access_token"] != told["refresh_token"]
    for path in ("/cakemail/lists", "/api/v1/lists", "/mailingcore/campaigns"):
        assert await _status(application, told["access_token"], path) == 200, path
        assert await _status(application, told["refresh_token"], path) == 401, path


@pytest.mark.checklist("X01")
@pytest.mark.parametrize(
    "arguments",
    [
        {"data": {"username": EMAIL, "password": PASSWORD}},
        {"data": FORM | {"scopes": "user", "account_id": "", "client_id": "x"}},
        {"files": {name: (None, value) for name, value in FORM.items()}},
        {"files": {"username": (None, EMAIL), "password": (None, PASSWORD)}},
        {"json": FORM},
        {"data": FORM, "params": {"version": "v1"}},
    ],
)
async def test_every_clients_form_is_taken(
    stranger: httpx2.AsyncClient, ada: MemberView, arguments: dict[str, Any]
) -> None:
    assert_answer("/token", await stranger.post("/token", **arguments))


async def test_the_first_owner_signs_in_though_their_host_has_no_dot(
    stranger: httpx2.AsyncClient, runtime: Runtime, caller: Caller
) -> None:
    new = NewMember("owner@localhost", PASSWORD, Role.OWNER)
    await members.create_member(runtime, caller, new)
    await _tokens(stranger, username="owner@localhost")


@pytest.mark.checklist("E03", "SEC-12")
async def test_a_wrong_password_and_an_unknown_member_get_the_same_refusal(
    stranger: httpx2.AsyncClient, ada: MemberView
) -> None:
    answers = [
        await stranger.post("/token", data=FORM | wrong)
        for wrong in (
            {"password": "wrong"},
            {"username": "nobody@example.com"},
            {"account_id": "9"},
        )
    ]
    bodies = [assert_answer("/token", answer, 401) for answer in answers]
    assert bodies[0] == bodies[1] == bodies[2]
    assert bodies[0]["detail"][0]["type"] == "unauthorized"


@pytest.mark.parametrize(
    ("form", "status", "field"),
    [
        ({}, 400, "password"),
        ({"password": PASSWORD}, 400, "username"),
        ({"username": EMAIL, "password": ""}, 400, "password"),
        (FORM | {"grant_type": "client_credentials"}, 422, "grant_type"),
        (FORM | {"grant_type": "refresh_token"}, 400, "refresh_token"),
        (FORM | {"scopes": "everything"}, 422, "scopes"),
        (FORM | {"expiration_seconds": "60"}, 422, "expiration_seconds"),
    ],
)
async def test_what_is_missing_or_wrong_is_named_and_no_secret_is_echoed(
    stranger: httpx2.AsyncClient, form: dict[str, str], status: int, field: str
) -> None:
    answer = await stranger.post("/token", data=form)
    told = assert_answer("/token", answer, status)
    assert told["detail"][0]["loc"] == ["body", field]
    assert PASSWORD not in answer.text


@pytest.mark.checklist("E04")
async def test_a_token_expires_and_another_is_had_the_same_way(
    stranger: httpx2.AsyncClient, application: ASGIApp, ada: MemberView, clock: Clock
) -> None:
    told = await _tokens(stranger, expiration_seconds="600")
    assert told["expires_in"] == 600
    clock.advance(seconds=599)
    assert await _status(application, told["access_token"]) == 200
    clock.advance(seconds=1)
    assert await _status(application, told["access_token"]) == 401
    again = await _tokens(stranger)
    assert await _status(application, again["access_token"]) == 200


@pytest.mark.checklist("E05")
async def test_without_api_access_the_right_password_is_refused(
    stranger: httpx2.AsyncClient,
    application: ASGIApp,
    runtime: Runtime,
    caller: Caller,
    ada: MemberView,
) -> None:
    token = (await _tokens(stranger))["access_token"]
    assert await _status(application, token) == 200
    await members.change_member(runtime, caller, ada.uuid, {"api_access": False})
    assert await _status(application, token) == 401
    told = assert_answer("/token", await stranger.post("/token", data=FORM), 403)
    assert told["detail"][0]["type"] == "forbidden"
    assert "API" in told["message"]
    wrong = await stranger.post("/token", data=FORM | {"password": "wrong"})
    assert_answer("/token", wrong, 401)
    await members.change_member(runtime, caller, ada.uuid, {"api_access": True})
    await _tokens(stranger)


@pytest.mark.checklist("X01")
@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_a_refresh_token_gets_the_next_pair_once(
    stranger: httpx2.AsyncClient,
    application: ASGIApp,
    ada: MemberView,
    clock: Clock,
    method: str,
) -> None:
    first = await _tokens(stranger, expiration_seconds="700")
    form = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    second = assert_answer("/token", await stranger.request(method, "/token", data=form))
    assert second["expires_in"] == 700
    assert await _status(application, second["access_token"]) == 200
    assert_answer("/token", await stranger.request(method, "/token", data=form))  # its answer lost
    clock.advance(seconds=31)
    told = assert_answer("/token", await stranger.request(method, "/token", data=form), 401)
    assert form["refresh_token"] not in str(told)
    for stolen in (first, second):
        assert await _status(application, stolen["access_token"]) == 401
    form["refresh_token"] = second["refresh_token"]
    assert_answer("/token", await stranger.request(method, "/token", data=form), 401)


@pytest.mark.parametrize("token", ["x", "mw_refresh_x", "mw_refresh_" + "x" * 1_000, "mw_access_x"])
async def test_made_up_tokens_open_nothing(
    stranger: httpx2.AsyncClient, application: ASGIApp, token: str
) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": token}
    assert_answer("/token", await stranger.post("/token", data=form), 401)
    assert await _status(application, token) == 401


@pytest.mark.checklist("SEC-13")
async def test_tokens_end_with_the_password_and_with_the_member(
    stranger: httpx2.AsyncClient,
    application: ASGIApp,
    runtime: Runtime,
    caller: Caller,
    ada: MemberView,
) -> None:
    first = await _tokens(stranger)
    assert await _status(application, first["access_token"]) == 200
    await member_passwords.change_password(runtime, caller, ada.uuid, "another fine password")
    assert await _status(application, first["access_token"]) == 401
    form = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    assert_answer("/token", await stranger.post("/token", data=form), 401)
    second = await _tokens(stranger, password="another fine password")
    assert await _status(application, second["access_token"]) == 200
    await members.delete_member(runtime, caller, ada.uuid)
    assert await _status(application, second["access_token"]) == 401


@pytest.mark.checklist("SEC-13")
async def test_a_token_may_what_its_members_role_may_now(
    stranger: httpx2.AsyncClient,
    application: ASGIApp,
    runtime: Runtime,
    caller: Caller,
    ada: MemberView,
) -> None:
    token = (await _tokens(stranger))["access_token"]
    assert await _status(application, token, "/api/v1/api-keys") == 200
    async with client_of(application, token) as client:
        url = "http://mailwright.test/api/v1/lists"
        assert (await client.post(url, json={"name": "a"})).status_code == 201
        await members.change_member(runtime, caller, ada.uuid, {"role": Role.VIEWER})
        assert (await client.post(url, json={"name": "b"})).status_code == 403
    await members.change_member(runtime, caller, ada.uuid, {"suspended": True})
    assert await _status(application, token) == 401
    assert_answer("/token", await stranger.post("/token", data=FORM), 401)


async def test_failures_are_counted_and_sign_ins_are_not(
    stranger: httpx2.AsyncClient, ada: MemberView
) -> None:
    for _ in range(12):
        await _tokens(stranger)
    for _ in range(10):
        assert (await stranger.post("/token", data=FORM | {"password": "x"})).status_code == 401
    refused = await stranger.post("/token", data=FORM)
    told = assert_answer("/token", refused, 429)
    assert told["detail"][0]["type"] == "too_many_requests"
    assert int(refused.headers["retry-after"]) > 0


@pytest.mark.checklist("E06")
async def test_tokens_are_kept_from_browsers_logs_and_the_database(
    stranger: httpx2.AsyncClient,
    application: ASGIApp,
    runtime: Runtime,
    ada: MemberView,
    capfd: pytest.CaptureFixture[str],
) -> None:
    answer = await stranger.post("/token", data=FORM, headers={"Origin": "https://evil.example"})
    told = assert_answer("/token", answer)
    assert answer.headers["cache-control"] == "no-store"
    preflight = await stranger.options("/token", headers={"Origin": "https://evil.example"})
    for headers in (answer.headers, preflight.headers):
        assert not [name for name in headers if name.startswith("access-control-")]
    await _status(application, told["access_token"] + "x")
    async with runtime.database.raw() as connection:
        rows = str([tuple(row) for row in await connection.fetch("SELECT * FROM access_tokens")])
    printed = capfd.readouterr()
    for token in (told["access_token"], told["refresh_token"]):
        assert token not in rows + printed.out + printed.err
    pair = await access_tokens.sign_in(runtime, Grant(EMAIL, PASSWORD), "192.0.2.1")
    assert pair.access_token not in repr(pair)


async def test_whoever_is_in_two_accounts_chooses_by_id(
    stranger: httpx2.AsyncClient,
    runtime: Runtime,
    caller: Caller,
    ada: MemberView,
    tenant: MadeTenant,
) -> None:
    other = await make_tenant(runtime.database)
    there = replace(caller, tenant_id=other.id)
    await members.create_member(runtime, there, NewMember(EMAIL, PASSWORD, Role.VIEWER))
    assert (await _tokens(stranger))["accounts"] == [tenant.id]
    assert (await _tokens(stranger, account_id=str(other.id)))["accounts"] == [other.id]


async def _codes_on(
    runtime: Runtime, tenant: MadeTenant, ada: MemberView
) -> tuple[TOTP, list[str]]:
    """Ada's phone and recovery codes, once codes are asked for."""
    herself = Caller(tenant.id, f"member:{ada.uuid}", Door.DASHBOARD, ROLE_SCOPES[Role.ADMIN])
    new = await authenticators.create_authenticator(runtime, herself)
    phone = TOTP(new.key)
    code = phone.at(runtime.now())
    codes = await authenticators.activate_authenticator(
        runtime, herself, new.view.uuid, code, keep=None
    )
    return phone, codes


@pytest.mark.checklist("SEC-13")
async def test_with_codes_on_the_password_gets_a_challenge_and_a_code_the_token(
    stranger: httpx2.AsyncClient,
    application: ASGIApp,
    runtime: Runtime,
    tenant: MadeTenant,
    ada: MemberView,
    clock: Clock,
) -> None:
    before = await _tokens(stranger)
    phone, recovery = await _codes_on(runtime, tenant, ada)
    assert await _status(application, before["access_token"]) == 401
    told = assert_answer("/token", await stranger.post("/token", data=FORM), 401)
    assert "access_token" not in told
    path = "/token/challenge"
    answer = {"challenge": told["challenge"], "code": phone.at(clock.time)}
    assert_answer(path, await stranger.post(path, json=answer), 401)  # it was used to activate
    clock.advance(seconds=30)
    answer["code"] = phone.at(clock.time)
    token = assert_answer(path, await stranger.post(path, json=answer))["access_token"]
    assert await _status(application, token) == 200
    assert_answer(path, await stranger.post(path, json=answer), 401)  # no code works twice
    answer["code"] = recovery[0].upper()
    assert_answer(path, await stranger.post(path, json=answer))
    assert_answer(path, await stranger.post(path, json=answer), 401)
    answer["code"] = recovery[1]
    clock.advance(seconds=300)
    assert_answer(path, await stranger.post(path, json=answer), 401)  # the challenge is old


async def test_challenges_cannot_be_made_up_or_guessed_at(
    stranger: httpx2.AsyncClient, runtime: Runtime, tenant: MadeTenant, ada: MemberView
) -> None:
    await _codes_on(runtime, tenant, ada)
    challenge = (await stranger.post("/token", data=FORM)).json()["challenge"]
    for made_up in ("", "x", "x.y", challenge[:-1], "e30=." + "0" * 64):
        answer = await stranger.post(
            "/token/challenge", json={"challenge": made_up, "code": "000000"}
        )
        assert answer.status_code == 401
    guess = {"challenge": challenge, "code": "f" * 12}
    statuses = [
        (await stranger.post("/token/challenge", json=guess)).status_code for _ in range(11)
    ]
    assert statuses == [401] * 10 + [429]
    wrong = await stranger.post("/token/challenge", json=guess | {"code": "12345"})
    assert_answer("/token/challenge", wrong, 422)


async def test_the_operator_resets_a_lost_phone(
    stranger: httpx2.AsyncClient, runtime: Runtime, tenant: MadeTenant, ada: MemberView
) -> None:
    await _codes_on(runtime, tenant, ada)
    assert (await stranger.post("/token", data=FORM)).status_code == 401
    assert await authenticators.reset_authenticators(runtime, EMAIL) == 1
    await _tokens(stranger)
