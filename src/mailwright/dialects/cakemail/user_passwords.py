"""Links by mail with which users confirm themselves and set passwords."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from mailwright.dialects.cakemail.dependencies import CallerOf, RuntimeOf
from mailwright.dialects.cakemail.fields import Number, NumberInPath
from mailwright.dialects.cakemail.shapes import Changed, Shape, answer, changed, plain
from mailwright.dialects.cakemail.user_shapes import (
    Confirmation,
    ForgottenPassword,
    Language,
    PasswordReset,
    PasswordResetConfirm,
    UserShape,
    user_shape,
)
from mailwright.domain.doors import Door
from mailwright.errors import InvalidInput, NotFound
from mailwright.services import forgotten_passwords, invitations, numbers, password_links
from mailwright.services.members import MemberView
from mailwright.services.runtime import Runtime

router = APIRouter(prefix="/users", tags=["users"])


class LinkSent(Shape):
    """A link to set a password was mailed."""

    email: str
    object: str = "user"
    reset_link_sent: bool = True


class PasswordIsReset(Shape):
    """The password is set."""

    object: str = "user"
    password_reset: bool = True


class ConfirmationResent(Shape):
    """The link of the invitation was mailed once more."""

    object: str = "user"
    confirmation_resent: bool = True


@router.post("/forgot-my-password", responses={200: {"model": LinkSent}})
async def forgot(
    runtime: RuntimeOf,
    request: Request,
    body: ForgottenPassword,
    account_id: Annotated[Number | None, Query()] = None,
    language: Annotated[Language, Query()] = "en_US",
) -> Response:
    """Have a link mailed; the answer is the same whether somebody has that address or not."""
    address = request.client.host if request.client else "unknown"
    await forgotten_passwords.ask_for_links(
        runtime, body.email, address, Door.CAKEMAIL, tenant_id=account_id, language=language
    )
    return answer(plain(LinkSent(email=body.email)))


@router.post("/self/reset-password", responses={200: {"model": LinkSent}})
async def reset_own(runtime: RuntimeOf, caller: CallerOf) -> Response:
    """Have a link mailed to whoever signed in."""
    view = await invitations.reset_own_password(runtime, caller)
    return answer(plain(LinkSent(email=view.email)))


@router.post("/reset-password-confirm", responses={200: {"model": PasswordIsReset}})
async def confirm_reset(runtime: RuntimeOf, body: PasswordResetConfirm) -> Response:
    """Set the password with the token of a mailed link. Every sign-in before it ends."""
    await _used(runtime, "token", body.token, body.password.get_secret_value())
    return answer(plain(PasswordIsReset()))


@router.post("/{user_id}/reset-password", responses={200: {"model": LinkSent}})
async def reset(
    runtime: RuntimeOf, caller: CallerOf, user_id: NumberInPath, body: PasswordReset | None = None
) -> Response:
    """Have a link mailed to a user; the present password ends with that if the body says so."""
    user_uuid = await numbers.uuid_of(runtime, caller, "user", user_id)
    invalidate = body is not None and body.invalidate_current_password
    view = await invitations.reset_password(runtime, caller, user_uuid, invalidate=invalidate)
    return answer(plain(LinkSent(email=view.email)))


@router.post("/{user_id}/confirm", responses={200: {"model": Changed[UserShape]}})
async def confirm(runtime: RuntimeOf, user_id: NumberInPath, body: Confirmation) -> Response:
    """Join with the token of an invitation, and a password of one's own."""
    password = body.password.get_secret_value()
    view = await _used(runtime, "confirmation", body.confirmation, password, number=user_id)
    return changed("user", user_shape(view, user_id), "confirmed")


@router.post("/{user_id}/resend-verification-email", responses={200: {"model": ConfirmationResent}})
async def resend(runtime: RuntimeOf, caller: CallerOf, user_id: NumberInPath) -> Response:
    """Mail the link of an invitation once more."""
    user_uuid = await numbers.uuid_of(runtime, caller, "user", user_id)
    await invitations.resend_invitation(runtime, caller, user_uuid)
    return answer(plain(ConfirmationResent()))


async def _used(
    runtime: Runtime, field: str, token: str, password: str, *, number: int | None = None
) -> MemberView:
    """The document knows no 404 here: a token that does not work is a wrong field."""
    try:
        return await password_links.use_link(runtime, token, password, Door.CAKEMAIL, number=number)
    except NotFound as over:
        raise InvalidInput.field(field, over.message) from None
