"""The forms of users: members in Cakemail's words."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, StringConstraints

from mailwright.dialects.cakemail.fields import Address, Body, example
from mailwright.dialects.cakemail.sender_shapes import language_word
from mailwright.dialects.cakemail.shapes import Digits, Shape, Unix
from mailwright.domain.scopes import Role
from mailwright.services.authenticators import AuthenticatorView
from mailwright.services.member_profiles import FIELDS
from mailwright.services.members import MemberView

#: The words of `filter`.
FILTERS = ("email", "status")

ACTIVE = "active"
SUSPENDED = "suspended"
PENDING = "pending"  # invited

_Text = Annotated[str, StringConstraints(max_length=255)]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(?:_[A-Za-z]{2,4})?$")]
_Phone = Annotated[str, StringConstraints(pattern=r"[0-9]+", max_length=255)]
_Password = Annotated[SecretStr, Field(min_length=8, max_length=1024)]
_Token = Annotated[str, StringConstraints(min_length=1, max_length=2000)]


class _UserFields(Body):
    """What can be said about a person beside their names."""

    title: _Text | None = None
    office_phone: _Text | None = None
    mobile_phone: _Phone | None = None
    language: Language | None = None
    timezone: _Text | None = None

    def profile(self) -> dict[str, Any]:
        """The fields that were sent, names among them."""
        return {name: value for name, value in self.given().items() if name in FIELDS}


class UserCreate(_UserFields):
    """A new user, invited by mail where no password is sent.

    `role`, which Cakemail does not have, is `editor` when it is not sent.
    """

    email: Annotated[str, StringConstraints(min_length=1, max_length=1000)]
    first_name: _Text
    last_name: _Text
    password: _Password | None = None
    role: Role = Role.EDITOR

    model_config = example(
        {
            "email": "ada@harbour.example",
            "first_name": "Ada",
            "last_name": "Dock",
            "password": "a long pass phrase",
        }
    )


class PasswordChange(Body):
    """A new password; `current` where it is one's own."""

    current: SecretStr | None = Field(default=None, max_length=1024)
    new: _Password


class UserPatch(_UserFields):
    """What to change; absent fields stay. `role` is an addition of Mailwright's."""

    first_name: _Text | None = None
    last_name: _Text | None = None
    password: PasswordChange | None = None
    role: Role | None = None

    model_config = example({"title": "Head of news"})


class ForgottenPassword(Body):
    """Whose password is forgotten."""

    email: Address

    model_config = example({"email": "ada@harbour.example"})


class PasswordReset(Body):
    """Whether the present password ends with the mail."""

    invalidate_current_password: bool = False

    model_config = example({"invalidate_current_password": False})


class PasswordResetConfirm(Body):
    """The token of a mailed link, and the new password."""

    token: _Token
    password: _Password

    model_config = example({"token": "…", "password": "a long pass phrase"})


class Confirmation(Body):
    """The token of an invitation, and the first password."""

    confirmation: _Token
    password: _Password

    model_config = example({"confirmation": "…", "password": "a long pass phrase"})


class AuthenticatorCreate(Body):
    """A program that shows one-time codes."""

    type: Literal["totp"]
    description: _Text | None = None

    model_config = example({"type": "totp", "description": "Phone"})


class CodeBody(Body):
    """The code that the program shows now."""

    code: Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$")]

    model_config = example({"code": "492039"})


class UserShape(Shape):
    """A user."""

    id: Digits
    email: str
    status: str
    role: str
    created_on: Unix
    last_activity_on: Unix | None = None
    first_name: str | None = None
    last_name: str | None = None
    title: str | None = None
    language: str | None = None
    timezone: str | None = None
    office_phone: str | None = None
    mobile_phone: str | None = None


class AuthenticatorShape(Shape):
    """A program that shows one-time codes."""

    id: Digits
    type: Literal["totp"] = "totp"
    description: str | None = None


class NewAuthenticatorShape(AuthenticatorShape):
    """The same with its key, for the only time, to be typed or scanned into the program."""

    secret: str
    qr_code: str


def user_shape(view: MemberView, number: int) -> UserShape:
    """The form of a member."""
    profile = dict(view.profile)
    if "language" in profile:
        profile["language"] = language_word(profile["language"])
    return UserShape(
        id=number,
        email=view.email,
        status=_status(view),
        role=view.role,
        created_on=view.created_at,
        last_activity_on=view.last_sign_in_at,
        **profile,
    )


def _status(view: MemberView) -> str:
    if view.suspended:
        return SUSPENDED
    return PENDING if view.invited else ACTIVE


def authenticator_shape(view: AuthenticatorView) -> AuthenticatorShape:
    """The form of an authenticator."""
    return AuthenticatorShape(id=view.id, description=view.description)
