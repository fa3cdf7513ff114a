"""`/settings/account`: what the account is called, and how much of its month is used."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from starlette.responses import Response

from mailwright.domain.ids import parse_id
from mailwright.errors import InvalidInput
from mailwright.services import account as service
from mailwright.services import confirmation_mails, logos, senders
from mailwright.services.account import AccountChanges, AccountView
from mailwright.services.confirmation_mails import ConfirmationMailView
from mailwright.services.paging import Page
from mailwright.services.published_versions import list_published_versions
from mailwright.web.forms import Form
from mailwright.web.visits import Visit

PATH = "/settings/account"
SENDERS_MAX = 100  # to choose from


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


async def save_confirmation_mail(visit: Visit) -> Response:
    """What the mail says in one language that asks for a confirmation."""
    form = visit.form
    mail = ConfirmationMailView(
        form.get("language", "").strip(),
        _chosen(form, "template", "template"),
        _chosen(form, "sender", "sender"),
    )
    try:
        await confirmation_mails.put_confirmation_mails(
            visit.runtime, visit.caller, [mail], keep_others=True
        )
    except InvalidInput as error:
        mine = {name.rpartition(".")[2]: found for name, found in error.details.items()}
        names = {"template_uuid": "template", "sender_uuid": "sender"}
        told = InvalidInput.fields({names.get(name, name): found for name, found in mine.items()})
        found = await service.get_account(visit.runtime, visit.caller)
        return await _page(visit, found, {**_values(found), **form}, told)
    return visit.go(PATH, said="Saved.")


async def remove_confirmation_mail(visit: Visit) -> Response:
    """That language's mail is in our own words again."""
    mails = await confirmation_mails.list_confirmation_mails(visit.runtime, visit.caller)
    left = [mail for mail in mails if mail.language != visit.form.get("language")]
    await confirmation_mails.put_confirmation_mails(visit.runtime, visit.caller, left)
    return visit.go(PATH, said="That mail is in Mailwright's words again.")


def _chosen(form: Form, name: str, noun: str) -> UUID | None:
    return parse_id(form[name], noun) if form.get(name) else None


async def _page(
    visit: Visit, account: AccountView, form: Form, error: InvalidInput | None = None
) -> Response:
    faults = visit.faults(error)
    if faults["errors"].keys() & {"file", "language", "template", "sender"}:
        faults["problem"] = ""  # it stands beside its field, in a form of its own
    published = await list_published_versions(visit.runtime, visit.caller)
    usable = await senders.page_identities(visit.runtime, visit.caller, Page(1, SENDERS_MAX))
    return await visit.show(
        "account.html",
        422 if error else 200,
        account=account,
        form=form,
        mails=await confirmation_mails.list_confirmation_mails(visit.runtime, visit.caller),
        templates={version.template_uuid: version.template_name for version in published},
        senders={sender.uuid: sender.email for sender in usable.items},
        **faults,
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
