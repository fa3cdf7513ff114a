"""`/members` over HTTP, and the tenant that a call may name."""

from __future__ import annotations

import httpx2
import pytest

from mailwright.api.application import create_api
from mailwright.domain.doors import Door
from mailwright.errors import Unauthenticated
from mailwright.services import password_links, sessions
from mailwright.services.runtime import Runtime
from mailwright.wire.smtp_reply import Phase
from tests.api.conftest import ApiAs
from tests.builders import MadeTenant
from tests.password_mails import last_mail, last_token, mailing

ADA = {"email": "Ada@Example.com", "password": " correct horse ", "role": "owner"}


async def test_a_member_is_made_seen_changed_and_removed(api: httpx2.AsyncClient) -> None:
    made = (await api.post("/members", json=ADA)).json()["data"]
    assert (made["email"], made["role"], made["api_access"]) == ("Ada@Example.com", "owner", True)
    assert "password" not in made
    assert (await api.post("/members", json=ADA)).status_code == 409
    path = f"/members/{made['uuid']}"
    assert (await api.get(path)).json()["data"] == made
    assert (await api.get("/members")).json()["pagination"]["total"] == 1
    last = await api.patch(path, json={"role": "admin"})
    assert (last.status_code, last.json()["error"]["code"]) == (409, "LAST_OWNER")
    assert (await api.delete(path)).status_code == 409
    bo = (await api.post("/members", json=ADA | {"email": "bo@example.com"})).json()["data"]
    changed = (await api.patch(path, json={"role": "editor", "api_access": False})).json()["data"]
    assert (changed["role"], changed["api_access"]) == ("editor", False)
    assert (await api.delete(path)).status_code == 204
    assert (await api.delete(f"/members/{bo['uuid']}")).status_code == 409


@pytest.mark.checklist("SEC-13")
async def test_who_is_suspended_is_signed_out_and_stays_a_member(
    api: httpx2.AsyncClient, runtime: Runtime
) -> None:
    made = (await api.post("/members", json=ADA)).json()["data"]
    await api.post("/members", json=ADA | {"email": "bo@example.com"})
    signed_in = await sessions.sign_in(runtime, ADA["email"], ADA["password"], "192.0.2.1")
    changed = await api.patch(f"/members/{made['uuid']}", json={"suspended": True})
    assert changed.json()["data"]["suspended"] is True
    with pytest.raises(Unauthenticated):
        await sessions.authenticate_session(runtime, signed_in.token)
    with pytest.raises(Unauthenticated):
        await sessions.sign_in(runtime, ADA["email"], ADA["password"], "192.0.2.1")
    await api.patch(f"/members/{made['uuid']}", json={"suspended": False})
    await sessions.sign_in(runtime, ADA["email"], ADA["password"], "192.0.2.1")


async def test_without_a_password_somebody_is_invited(
    api_as: ApiAs, tenant: MadeTenant, runtime: Runtime
) -> None:
    async with mailing(runtime) as (sink, runtime):
        transport = httpx2.ASGITransport(create_api(runtime))
        headers = (await api_as(tenant)).headers
        async with httpx2.AsyncClient(
            transport=transport, base_url="http://mailwright.test", headers=headers
        ) as api:
            new = {"email": "bo@example.com", "role": "viewer", "language": "fr-CA"}
            made = (await api.post("/members", json=new)).json()["data"]
            assert (made["invited"], made["suspended"]) == (True, False)
            assert made["invitation_sent_at"]
            assert last_mail(sink)["Subject"] == "Invitation à rejoindre Acme"
            path = f"/members/{made['uuid']}"
            again = await api.post(f"{path}/resend-invitation")
            assert again.json()["data"]["uuid"] == made["uuid"]
            early = await api.post(f"{path}/reset-password", json={})
            assert (early.status_code, early.json()["error"]["code"]) == (409, "MEMBER_INVITED")
            await password_links.use_link(runtime, last_token(sink), "a pass phrase", Door.API)
            assert (await api.get(path)).json()["data"]["invited"] is False
            late = await api.post(f"{path}/resend-invitation")
            assert (late.status_code, late.json()["error"]["code"]) == (409, "MEMBER_JOINED")
            reset = await api.post(f"{path}/reset-password", json={"invalidate": True})
            assert reset.status_code == 200
            with pytest.raises(Unauthenticated):
                await sessions.sign_in(runtime, "bo@example.com", "a pass phrase", "192.0.2.1")
            sink.answer(Phase.RCPT, "550 5.1.1 nobody here")
            refused = await api.post(f"{path}/reset-password", json={})
            assert refused.json()["error"]["code"] == "MAIL_NOT_SENT"
            assert "nobody here" in refused.json()["error"]["message"]


async def test_what_is_wrong_is_named(api: httpx2.AsyncClient) -> None:
    for field, value in (
        ("role", "king"),
        ("email", "nobody"),
        ("password", "short"),
        ("language", "klingon!"),
    ):
        answer = await api.post("/members", json=ADA | {field: value})
        assert answer.status_code == 422
        assert list(answer.json()["error"]["details"]) == [field]
        assert "correct horse" not in answer.text


async def test_a_missing_scope_is_named(api_as: ApiAs, tenant: MadeTenant) -> None:
    reader = await api_as(tenant, "members:read")
    assert (await reader.get("/members")).status_code == 200
    refused = await reader.post("/members", json=ADA)
    assert refused.status_code == 403
    assert refused.json()["error"]["details"] == {"missing_scope": "members:write"}


@pytest.mark.checklist("M01")
async def test_a_tenant_that_is_named_must_be_the_keys(
    api: httpx2.AsyncClient, tenant: MadeTenant, other_tenant: MadeTenant
) -> None:
    async def status(value: str) -> int:
        return (await api.get("/account", headers={"X-Tenant-Id": value})).status_code

    assert (await api.get("/account")).status_code == 200
    for named in (str(tenant.uuid), str(tenant.uuid).upper(), tenant.slug):
        assert await status(named) == 200
    for named in (str(other_tenant.uuid), other_tenant.slug, "nobody", ""):
        assert await status(named) == 403
    refused = await api.get("/lists", headers={"X-Tenant-Id": other_tenant.slug})
    assert refused.json()["error"]["code"] == "FORBIDDEN"
