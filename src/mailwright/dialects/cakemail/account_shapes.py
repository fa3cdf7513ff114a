"""The form of the account. Every field that the document requires is there, whatever is unset."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from mailwright.dialects.cakemail.fields import Body, Number, example
from mailwright.dialects.cakemail.shapes import Shape, Unix
from mailwright.errors import InvalidInput
from mailwright.services.account import AccountChanges, AccountView
from mailwright.services.account_people import AccountPeople

ADDRESS = ("address1", "address2", "city", "province", "postal_code", "country")

PHONES = ("fax", "phone", "website")

_Text = Annotated[str, StringConstraints(max_length=255)]


class AddressBody(Body):
    """A postal address, part by part."""

    address1: Annotated[_Text, Field(min_length=1)]
    address2: _Text | None = None
    city: _Text | None = None
    province: _Text | None = None
    postal_code: _Text | None = None
    country: Annotated[_Text, Field(min_length=1)]

    def parts(self) -> dict[str, str]:
        """The parts that say something."""
        return {name: text for name in ADDRESS if (text := getattr(self, name))}


class OwnerBody(Body):
    """Whose the account is."""

    user_id: Number


class AccountPatch(Body):
    """What to change; absent fields stay."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=255)] | None = None
    address: AddressBody | None = None
    account_owner: OwnerBody | None = None
    fax: _Text | None = None
    phone: _Text | None = None
    website: Annotated[str, StringConstraints(max_length=2083)] | None = None
    domains: Mapping[str, Any] = Field(default_factory=dict)

    model_config = example({"name": "Harbour Books", "phone": "+1 514 555 0100"})

    def ours(self) -> AccountChanges:
        """The same as the service takes it. Raises InvalidInput for domains."""
        if self.domains:
            sentence = "Set the domains at /brands/default/domains/default."
            raise InvalidInput.field("domains", sentence)
        changes: AccountChanges = {}
        if self.name is not None:
            changes["name"] = self.name
        profile = {name: value for name, value in self.given().items() if name in PHONES}
        if self.address is not None:
            parts = self.address.parts()
            changes["postal_address"] = _lines(parts)
            profile["address"] = parts
        if profile:
            changes["profile"] = profile
        return changes


class Address(Shape):
    """A postal address; what is unset is empty."""

    address1: str = ""
    address2: str = ""
    city: str = ""
    country: str = ""
    province: str = ""
    postal_code: str = ""


class Owner(Shape):
    """The user who owns the account."""

    user_id: str | None = None


class UsageLimits(Shape):
    """What the account may use; absent: as much as it likes."""

    per_month: int | None = None
    remaining: int | None = None
    use_tags: bool = True
    use_email_api: bool = True
    use_html_editor: bool = True
    use_contact_export: bool = True
    use_behavioral_segmentation: bool = True
    use_list_redirection: bool = True
    use_automations: bool = False
    use_campaign_blueprints: bool = False


class Overrides(Shape):
    """What is put into mail by itself: the address stands in the footer where the mail has none."""

    bypass_recaptcha: bool = True
    inject_address: bool = True
    inject_unsubscribe_link: bool = True


class AccountShape(Shape):
    """An account. Its `lineage` is itself: there are no accounts above or below."""

    id: str
    lineage: str
    status: str = "active"
    name: str
    address: Address
    account_owner: Owner
    fax: str = ""
    phone: str = ""
    website: str = ""
    logo: str = ""
    usage_limits: UsageLimits
    last_activity_on: Unix
    created_on: Unix
    partner: bool = False
    organization: bool = False
    overrides: Overrides = Overrides()
    metadata: dict[str, str] = Field(default_factory=dict)


def account_shape(view: AccountView, people: AccountPeople, tenant_id: int) -> AccountShape:
    """The form of an account."""
    known = {name: view.profile.get(name, "") for name in PHONES}
    limit = view.quota.limit
    return AccountShape(
        id=str(tenant_id),
        lineage=str(tenant_id),
        name=view.name,
        address=_address(view),
        account_owner=Owner(user_id=str(people.owner_number) if people.owner_number else None),
        usage_limits=UsageLimits(
            per_month=limit,
            remaining=None if limit is None else max(0, limit - view.quota.used),
        ),
        last_activity_on=people.last_sign_in_at or view.created_at,
        created_on=view.created_at,
        **known,
    )


def _address(view: AccountView) -> Address:
    """The parts, as long as they are what stands in the footer; else that in one piece."""
    parts = view.profile.get("address", {})
    if view.postal_address and _lines(parts) != view.postal_address:
        return Address(address1=" ".join(view.postal_address.split("\n")))
    return Address(**parts)


def _lines(parts: Mapping[str, str]) -> str:
    town = " ".join(parts[name] for name in ("city", "province", "postal_code") if name in parts)
    lines = (parts.get("address1"), parts.get("address2"), town, parts.get("country"))
    return "\n".join(line for line in lines if line)
