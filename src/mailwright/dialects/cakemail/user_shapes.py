"""The forms of users: members in Cakemail's words."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, StringConstraints

from mailwright.dialects.cakemail.fields import Body, example
from mailwright.dialects.cakemail.shapes import Digits, Shape, Unix
from mailwright.domain.scopes import Role
from mailwright.services.authenticators import AuthenticatorView
from mailwright.services.member_profiles import FIELDS
from mailwright.services.members import MemberView

#: The words of `filter`.
FILTERS = ("email", "status")

ACTIVE = "active"
SUSPENDED = "suspended"

_Text = Annotated[str, StringConstraints(max_length=255)]
_Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(?:_[A-Za-z]{2,4})?$")]
_Phone = Annotated[str, StringConstraints(pattern=r"[0-9]+", max_length=255)]
_Password = Annotated[SecretStr, Field(min_length=8, max_length=1024)]


class _UserFields(Body):
    """What can be said about a person beside their names."""

    title: _Text | None = None
    office_phone: _Text | None = None
    mobile_phone: _Phone | None = None
    language: _Language | None = None
    timezone: _Text | None = None

    def profile(self) -> dict[str, Any]:
        """The fields that were sent, names among them."""
        return {name: value for name, value in self.given().items() if name in FIELDS}


class UserCreate(_UserFields):
    """A new user. `role`, which Cakemail does not have, is `editor` when it is not sent."""

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
    return UserShape(
        id=number,
        email=view.email,
        status=SUSPENDED if view.suspended else ACTIVE,
        role=view.role,
        created_on=view.created_at,
        last_activity_on=view.last_sign_in_at,
        **view.profile,
    )


def authenticator_shape(view: AuthenticatorView) -> AuthenticatorShape:
    """The form of an authenticator."""
    return AuthenticatorShape(id=view.id, description=view.description)
