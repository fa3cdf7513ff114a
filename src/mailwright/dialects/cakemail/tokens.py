"""`/token`: access tokens for a member's address and password, and their refreshing.

Forms come urlencoded, multipart or as JSON, with or without `grant_type` (vendors.md 1.1).
"""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from pydantic import Field, SecretStr, StringConstraints
from starlette.responses import Response

from mailwright.dialects.cakemail.dependencies import RuntimeOf
from mailwright.dialects.cakemail.errors import problem
from mailwright.dialects.cakemail.fields import Body, Number, example
from mailwright.dialects.cakemail.shapes import Shape, answer, plain
from mailwright.errors import InvalidInput
from mailwright.services import access_tokens as service
from mailwright.services.access_tokens import Grant, TokenPair
from mailwright.services.challenges import CodeNeeded

router = APIRouter(prefix="/token", tags=["token"])

#: Of Cakemail's API. Both get the same tokens here.
Version = Annotated[Literal["v1", "v2"], Query()]

_SCOPES = r"^(user|admin|internal|auth)(?:,(user|admin|internal|auth))*$"
_Name = Annotated[str, StringConstraints(min_length=1, max_length=1_000)]
_Token = Annotated[SecretStr, Field(max_length=2_000)]


class TokenBody(Body):
    """Address and password, or a refresh token. `scopes` change nothing: the role decides."""

    grant_type: Literal["password", "refresh_token"] = "password"
    username: _Name | None = None
    password: SecretStr | None = Field(default=None, max_length=2_000)
    account_id: Number | None = None
    scopes: Annotated[str, StringConstraints(pattern=_SCOPES)] = "user"
    expiration_seconds: int = Field(default=service.LIFETIME_SECONDS, ge=600, le=2**31 - 1)
    refresh_token: _Token | None = None

    model_config = example({"username": "ada@harbour.example", "password": "a long pass phrase"})


class RefreshBody(Body):
    """A refresh token, in the older form."""

    grant_type: Literal["refresh_token"] = "refresh_token"
    refresh_token: _Token

    model_config = example({"refresh_token": "mw_refresh_…"})


class ChallengeBody(Body):
    """The challenge of a sign-in, and a one-time code or recovery code."""

    challenge: Annotated[str, StringConstraints(max_length=2_000)]
    code: Annotated[str, StringConstraints(pattern=r"^(?:[0-9]{6}|[0-9a-fA-F]{12})$")]

    model_config = example({"challenge": "…", "code": "492039"})


class TokenShape(Shape):
    """The tokens, and the ids of the accounts they open."""

    access_token: str
    token_type: str = "bearer"  # noqa: S105  # the kind, no token
    expires_in: int
    refresh_token: str
    accounts: list[int]


@router.post("", responses={200: {"model": TokenShape}})
async def create(
    runtime: RuntimeOf, request: Request, body: TokenBody, version: Version = "v2"
) -> Response:
    """Create or refresh a token. 401 with `challenge` where a one-time code is needed."""
    del version
    if body.grant_type == "refresh_token":
        return await _refreshed(runtime, _given("refresh_token", body.refresh_token))
    password = _given("password", body.password)
    grant = Grant(
        _given_name(body.username),
        password,
        tenant_id=body.account_id,
        lifetime_seconds=body.expiration_seconds,
    )
    address = request.client.host if request.client else "unknown"
    try:
        return _told(await service.sign_in(runtime, grant, address))
    except CodeNeeded as needed:
        return _code_needed(needed)


@router.put("", responses={200: {"model": TokenShape}})
async def refresh(runtime: RuntimeOf, body: RefreshBody, version: Version = "v1") -> Response:
    """Refresh a token, as older clients do."""
    del version
    return await _refreshed(runtime, body.refresh_token.get_secret_value())


@router.post("/challenge", responses={200: {"model": TokenShape}})
async def answer_challenge(runtime: RuntimeOf, body: ChallengeBody) -> Response:
    """Create a token with a one-time code, after the password was right."""
    return _told(await service.answer_challenge(runtime, body.challenge, body.code))


async def _refreshed(runtime: RuntimeOf, token: str) -> Response:
    return _told(await service.refresh(runtime, token))


def _told(pair: TokenPair) -> Response:
    shape = TokenShape(
        access_token=pair.access_token,
        expires_in=pair.expires_in_seconds,
        refresh_token=pair.refresh_token,
        accounts=[pair.tenant_id],
    )
    return answer(plain(shape), headers={"Cache-Control": "no-store"})


def _code_needed(needed: CodeNeeded) -> Response:
    return problem(401, needed.message, challenge=needed.challenge)


def _given(name: str, value: SecretStr | None) -> str:
    if value is None or not value.get_secret_value():
        raise InvalidInput.field(name, "This field is required.")
    return value.get_secret_value()


def _given_name(name: str | None) -> str:
    if name is None:
        raise InvalidInput.field("username", "This field is required.")
    return name
