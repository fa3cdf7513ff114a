"""Users in Cakemail's form: members, their names, passwords and one-time codes."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import httpx2
import pytest
from pyotp.totp import TOTP
from starlette.types import ASGIApp

from mailwright.domain.scopes import Role
from mailwright.services import access_tokens, members
from mailwright.services.access_tokens import Grant
from mailwright.services.caller import Caller
from mailwright.services.members import MemberView, NewMember
from mailwright.services.runtime import Runtime
from tests.clock import Clock
from tests.dialects.cakemail.conftest import client_of
from tests.dialects.cakemail.document import assert_answer

EMAIL = "ada@example.com"
PASSWORD = "correct horse battery staple"
BO: dict[str, Any] = {
    "email": "bo@example.com",
    "first_name": "Bo",
    "last_name": "Quay",
    "password": "another fine pass phrase",
    "language": "fr_CA",
}


@pytest.fixture
async def ada(runtime: Runtime, caller: Caller) -> MemberView:
    return await members.create_member(runtime, caller, NewMember(EMAIL, PASSWORD, Role.OWNER))


@pytest.fixture
async def client(
    application: ASGIApp, runtime: Runtime, ada: MemberView
) -> AsyncGenerator[httpx2.AsyncClient]:
    """Ada, signed in."""
    pair = await access_tokens.sign_in(runtime, Grant(EMAIL, PASSWORD), "192.0.2.1")
    async with client_of(application, pair.access_token) as made:
        yield made


async def _signs_in(stranger: httpx2.AsyncClient, email: str, password: str) -> int:
    form = {"username": email, "password": password}
    return (await stranger.post("/token", data=form)).status_code


async def test_whoever_signed_in_is_self_and_a_key_is_nobody(
    client: httpx2.AsyncClient, application: ASGIApp, runtime: Runtime
) -> None:
    told = assert_answer("/users/self", await client.get("/users/self"))
    assert told["data"]["email"] == EMAIL
    assert told["data"]["status"] == "active"
    assert told["id"] == told["data"]["id"]
    assert told["id"].isdigit()
    url = "http://mailwright.test/api/v1/api-keys"
    key = (await client.post(url, json={"name": "k", "scopes": ["*"]})).json()["data"]["key"]
    async with client_of(application, key) as machine:
        assert_answer("/users/self", await machine.get("/users/self"), 403)


async def test_users_are_added_listed_changed_and_removed(
    client: httpx2.AsyncClient, stranger: httpx2.AsyncClient
) -> None:
    made = assert_answer("/users", await client.post("/users", json=BO), 201)
    assert made["created"] is True
    assert made["data"]["first_name"] == "Bo"
    assert await _signs_in(stranger, BO["email"], BO["password"]) == 200
    found = await client.get("/users", params={"filter": f"email=={BO['email']}"})
    assert [row["id"] for row in assert_answer("/users", found)["data"]] == [made["id"]]
    told = assert_answer("/users", await client.get("/users?with_count=true"))
    assert told["pagination"]["count"] == 2
    path, one = f"/users/{made['id']}", "/users/{user_id}"
    patched = await client.patch(path, json={"title": "Editor", "password": {"new": "p" * 10}})
    told = assert_answer(one, patched)
    assert told["patched"] is True
    assert (told["data"]["title"], told["data"]["language"]) == ("Editor", "fr_CA")
    assert await _signs_in(stranger, BO["email"], BO["password"]) == 401
    assert await _signs_in(stranger, BO["email"], "p" * 10) == 200
    assert assert_answer(one, await client.get(path))["data"] == told["data"]
    assert assert_answer(one, await client.delete(path))["deleted"] is True
    assert_answer(one, await client.get(path), 404)
    assert await _signs_in(stranger, BO["email"], "p" * 10) == 401


async def test_a_suspended_user_cannot_sign_in(
    client: httpx2.AsyncClient, stranger: httpx2.AsyncClient
) -> None:
    number = (await client.post("/users", json=BO)).json()["id"]
    path = "/users/{user_id}/suspend"
    told = assert_answer(path, await client.post(f"/users/{number}/suspend"))
    assert (told["suspended"], told["data"]["status"]) == (True, "suspended")
    assert await _signs_in(stranger, BO["email"], BO["password"]) == 401
    found = await client.get("/users?filter=status==suspended")
    assert [row["id"] for row in assert_answer("/users", found)["data"]] == [number]
    path = "/users/{user_id}/unsuspend"
    told = assert_answer(path, await client.post(f"/users/{number}/unsuspend"))
    assert (told["suspended"], told["data"]["status"]) == (False, "active")
    assert await _signs_in(stranger, BO["email"], BO["password"]) == 200


async def test_the_last_owner_is_neither_suspended_nor_removed(client: httpx2.AsyncClient) -> None:
    number = (await client.get("/users/self")).json()["id"]
    answer = await client.post(f"/users/{number}/suspend")
    told = assert_answer("/users/{user_id}/suspend", answer, 400)
    assert "last owner" in told["message"]
    assert_answer("/users/{user_id}", await client.delete(f"/users/{number}"), 400)


async def test_people_change_their_own_password_with_the_present_one(
    client: httpx2.AsyncClient, stranger: httpx2.AsyncClient
) -> None:
    path = f"/users/{(await client.get('/users/self')).json()['id']}"
    for current in ({}, {"current": "wrong"}):
        wrong = await client.patch(path, json={"password": {"new": "n" * 10, **current}})
        told = assert_answer("/users/{user_id}", wrong, 400)
        assert told["detail"][0]["loc"] == ["body", "password", "current"]
    change = {"first_name": "Ada", "password": {"current": PASSWORD, "new": "n" * 10}}
    told = assert_answer("/users/{user_id}", await client.patch(path, json=change))
    assert told["data"]["first_name"] == "Ada"
    assert (await client.get("/users/self")).status_code == 401
    assert await _signs_in(stranger, EMAIL, "n" * 10) == 200


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"email": "no address"}, 400, "email"),
        ({"first_name": None}, 422, "first_name"),
        ({"password": "short"}, 422, "password"),
        ({"language": "klingon!"}, 422, "language"),
        ({"mobile_phone": "call me"}, 422, "mobile_phone"),
    ],
)
async def test_a_wrong_field_of_a_new_user_is_named(
    client: httpx2.AsyncClient, change: dict[str, Any], status: int, field: str
) -> None:
    body = {name: value for name, value in (BO | change).items() if value is not None}
    told = assert_answer("/users", await client.post("/users", json=body), status)
    assert told["detail"][0]["loc"] == ["body", field]
    assert_answer("/users", await client.get("/users"))


async def test_one_time_codes_are_switched_on_and_off(
    client: httpx2.AsyncClient, stranger: httpx2.AsyncClient, clock: Clock
) -> None:
    path = "/users/self/mfa"
    body = {"type": "totp", "description": "Phone"}
    forgotten = assert_answer(path, await client.post(path, json=body), 201)
    made = assert_answer(path, await client.post(path, json=body), 201)
    assert made["data"]["qr_code"].startswith("data:image/svg+xml")
    assert assert_answer(path, await client.get(path))["data"] == []
    assert await _signs_in(stranger, EMAIL, PASSWORD) == 200
    one = "/users/self/mfa/{mfa_id}/activate"
    phone = TOTP(made["data"]["secret"])
    wrong = await client.post(f"{path}/{made['id']}/activate", json={"code": "000000"})
    assert_answer(one, wrong, 400)
    code = {"code": phone.at(clock.time)}
    assert_answer(one, await client.post(f"{path}/{forgotten['id']}/activate", json=code), 404)
    told = assert_answer(one, await client.post(f"{path}/{made['id']}/activate", json=code))
    assert told["activated"] is True
    assert len(told["recovery_codes"]) == 10
    assert await _signs_in(stranger, EMAIL, PASSWORD) == 401
    [row] = assert_answer(path, await client.get(path))["data"]
    assert row == {"id": made["id"], "type": "totp", "description": "Phone"}
    codes = assert_answer(f"{path}-recovery-codes", await client.get(f"{path}-recovery-codes"))
    assert set(codes["data"]).isdisjoint(told["recovery_codes"])
    challenge = (
        await stranger.post("/token", data={"username": EMAIL, "password": PASSWORD})
    ).json()
    for code, status in ((told["recovery_codes"][0], 401), (codes["data"][0], 200)):
        answer = {"challenge": challenge["challenge"], "code": code}
        assert (await stranger.post("/token/challenge", json=answer)).status_code == status
    gone = await client.delete(f"{path}/{made['id']}")
    assert assert_answer("/users/self/mfa/{mfa_id}", gone)["deleted"] is True
    assert await _signs_in(stranger, EMAIL, PASSWORD) == 200
    assert assert_answer(f"{path}-recovery-codes", await client.get(f"{path}-recovery-codes")) == {
        "data": []
    }


async def test_the_portal_is_the_page_of_the_dashboard(client: httpx2.AsyncClient) -> None:
    path = "/users/self/mfa-portal"
    answer = await client.get(path, params={"return_url": "https://app.example/done"})
    assert assert_answer(path, answer)["url"].endswith(
        "/settings/security?next=https%3A%2F%2Fapp.example%2Fdone"
    )
