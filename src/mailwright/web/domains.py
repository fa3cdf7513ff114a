"""`/settings/domains`: what mail is sent from, and the records that make receivers believe it."""

from __future__ import annotations

from uuid import UUID

from starlette.responses import Response

from mailwright.domain.ids import parse_id
from mailwright.errors import Conflict, InvalidInput
from mailwright.services import domains as service
from mailwright.services.domain_views import DomainView
from mailwright.web.visits import Visit

_LIST = "/settings/domains"

#: What each record is for, in people's words.
PURPOSES: dict[str, tuple[str, str]] = {
    "spf": ("SPF", "says which servers may send for the domain"),
    "dkim": ("DKIM", "the key that your mail is signed with"),
    "dkim_next": ("DKIM, new key", "takes over once it is seen"),
    "dmarc": ("DMARC", "says what receivers do with forgeries"),
    "tracking": ("Links", "links and pictures are on your own domain"),
    "return_path_mx": ("Returned mail", "bounces come back to us"),
    "return_path_spf": ("Returned mail, SPF", "the server may send for that host, too"),
}


async def show_list(visit: Visit) -> Response:
    """The domains."""
    return await _list(visit)


async def create(visit: Visit) -> Response:
    """The new domain's page, or the form again with what is wrong."""
    try:
        made = await service.create_domain(visit.runtime, visit.caller, visit.form.get("name", ""))
    except (InvalidInput, Conflict) as error:
        return await _list(visit, error)
    return visit.go(f"{_LIST}/{made.uuid}", said=f"{made.name} was added. Publish its records.")


async def show(visit: Visit) -> Response:
    """A domain with its records."""
    domain = await service.get_domain(visit.runtime, visit.caller, _uuid(visit))
    return await _page(visit, domain)


async def save(visit: Visit) -> Response:
    """The domain with its hosts renamed, or the form again with what is wrong."""
    changes: service.DomainChanges = {
        "tracking_host": visit.form.get("tracking_host", ""),
        "return_path_host": visit.form.get("return_path_host", ""),
    }
    try:
        domain = await service.change_domain(visit.runtime, visit.caller, _uuid(visit), changes)
    except InvalidInput as error:
        domain = await service.get_domain(visit.runtime, visit.caller, _uuid(visit))
        return await _page(visit, domain, error)
    return visit.go(f"{_LIST}/{domain.uuid}", said="The hosts were changed; publish them, too.")


async def verify(visit: Visit) -> Response:
    """The records, looked up now."""
    domain = await service.verify_domain(visit.runtime, visit.caller, _uuid(visit))
    said = "Every record holds." if domain.state == "valid" else "DNS was asked; see below."
    return visit.go(f"{_LIST}/{domain.uuid}", said=said)


async def rotate(visit: Visit) -> Response:
    """A new key, whose record is to be published."""
    domain = await service.rotate_key(visit.runtime, visit.caller, _uuid(visit))
    said = "A new key was made. Publish its record; the present one signs until it is seen."
    return visit.go(f"{_LIST}/{domain.uuid}", said=said)


async def delete(visit: Visit) -> Response:
    """The domain is gone."""
    domain = await service.get_domain(visit.runtime, visit.caller, _uuid(visit))
    await service.delete_domain(visit.runtime, visit.caller, domain.uuid)
    return visit.go(_LIST, said=f"{domain.name} was removed; its mail is signed no more.")


async def _list(visit: Visit, error: InvalidInput | Conflict | None = None) -> Response:
    return await visit.show(
        "domains/list.html",
        422 if error else 200,
        paged=await service.page_domains(visit.runtime, visit.caller, visit.page()),
        form=visit.form if error else {},
        errors=error.details if error else {},
    )


async def _page(visit: Visit, domain: DomainView, error: InvalidInput | None = None) -> Response:
    hosts = {"tracking_host": domain.tracking_host, "return_path_host": domain.return_path_host}
    return await visit.show(
        "domains/domain.html",
        422 if error else 200,
        domain=domain,
        purposes=PURPOSES,
        form=visit.form if error else hosts,
        errors=error.details if error else {},
    )


def _uuid(visit: Visit) -> UUID:
    return parse_id(visit.request.path_params["uuid"], "domain")
