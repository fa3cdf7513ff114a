"""`/settings/account`: what the account is called, and how much of its month is used."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from mailwright.errors import InvalidInput
from mailwright.services import account as service
from mailwright.services import logos
from mailwright.services.account import AccountChanges, AccountView
from mailwright.web.forms import Form
from mailwright.web.visits import Visit

PATH = "/settings/account"


async def show(visit: Visit) -> Response:
    """The account and its quota."""
    found = await service.get_account(visit.runtime, visit.caller)
    return await _page(visit, found, _values(found))


async def save(visit: Visit) -> Response:
    """The changes, or the form again with what is wrong."""
    try:
        await service.change_account(visit.runtime, visit.caller, _changes(visit.form))
    except InvalidInput as error:
        found = await service.get_account(visit.runtime, visit.caller)
        return await _page(visit, found, visit.form, error)
    return visit.go(PATH, said="Saved.")


async def save_logo(visit: Visit) -> Response:
    """The picture that was chosen, in the place of another."""
    image = await visit.file.read(logos.BYTES_MAX + 1) if visit.file is not None else b""
    try:
        if not image:
            raise InvalidInput.field("file", "Choose a file.")
        await logos.put_logo(visit.runtime, visit.caller, image, field="file")
    except InvalidInput as error:
        found = await service.get_account(visit.runtime, visit.caller)
        return await _page(visit, found, _values(found), error)
    return visit.go(PATH, said="Your logo stands on the pages that recipients see.")


async def remove_logo(visit: Visit) -> Response:
    """No picture any more."""
    await logos.remove_logo(visit.runtime, visit.caller)
    return visit.go(PATH, said="The logo was removed.")


async def _page(
    visit: Visit, account: AccountView, form: Form, error: InvalidInput | None = None
) -> Response:
    faults = visit.faults(error)
    if "file" in faults["errors"]:
        faults["problem"] = ""  # it stands beside the picture, in a form of its own
    return await visit.show(
        "account.html", 422 if error else 200, account=account, form=form, **faults
    )


def _values(account: AccountView) -> dict[str, str]:
    limit = account.monthly_quota
    return {
        "name": account.name,
        "postal_address": account.postal_address or "",
        "fallback_locale": account.fallback_locale,
        "monthly_quota": "" if limit is None else str(limit),
    }


def _changes(form: Form) -> AccountChanges:
    limit = form.get("monthly_quota", "").replace(",", "").strip()
    if limit and not (limit.isascii() and limit.isdigit() and len(limit) < 16):
        raise InvalidInput.field("monthly_quota", "A whole number, or nothing for no limit.")
    changes: dict[str, Any] = {
        "name": form.get("name", ""),
        "postal_address": form.get("postal_address") or None,
        "fallback_locale": form.get("fallback_locale", "").strip(),
        "monthly_quota": int(limit) if limit else None,
    }
    return changes  # pyright: ignore[reportReturnType]  # the names above are those of the type
