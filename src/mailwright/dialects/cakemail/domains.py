"""`/brands/default/domains/default`: the hosts of the account's default domain."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter
from pydantic import AfterValidator, StringConstraints
from starlette.responses import Response

from mailwright.dialects.cakemail.dependencies import CallerOf, RuntimeOf
from mailwright.dialects.cakemail.fields import Body, example
from mailwright.dialects.cakemail.shapes import Data, Shape, answer, one, plain
from mailwright.services import domain_defaults as service
from mailwright.services.domain_views import DomainView
from mailwright.services.domains import DomainChanges

router = APIRouter(prefix="/brands/default/domains/default", tags=["domains"])


def _host(text: str) -> str:
    """The host of an address of the web, or the host as it is."""
    try:
        return urlsplit(text).hostname or text if "//" in text else text
    except ValueError:
        raise ValueError("This is not an address.") from None


Host = Annotated[str, StringConstraints(min_length=1, max_length=2083), AfterValidator(_host)]


class Hosts(Body):
    """What to change. Mailwright forwards nothing: `forward` is passed over."""

    bounce: Host = ""
    tracking: Host = ""


class DomainsBody(Body):
    """The hosts of links and of returned mail, both below one domain of yours."""

    domains: Hosts

    model_config = example({"domains": {"tracking": "https://links.harbour.example"}})


class DomainsShape(Shape):
    """The default domain; empty words while there is none."""

    auth: str = ""
    bounce: str = ""
    dkim: str = ""
    tracking: str = ""


class Instruction(Shape):
    """A record to publish, and whether it is there."""

    entry: str
    valid: bool


class Instructions(Shape):
    """The records of both hosts."""

    bounce: list[Instruction]
    tracking: list[Instruction]


@router.get("", responses={200: {"model": Data[DomainsShape]}})
async def show(runtime: RuntimeOf, caller: CallerOf) -> Response:
    """Show the domains."""
    return one(_shape(await service.default_domain(runtime, caller)))


@router.patch("", responses={200: {"model": Data[DomainsShape]}})
async def change(runtime: RuntimeOf, caller: CallerOf, body: DomainsBody) -> Response:
    """Change the domains; one that is new is added, with its own DKIM key."""
    changes: DomainChanges = {}
    if "tracking" in body.domains.model_fields_set:
        changes["tracking_host"] = body.domains.tracking
    if "bounce" in body.domains.model_fields_set:
        changes["return_path_host"] = body.domains.bounce
    found = (
        await service.name_hosts(runtime, caller, changes)
        if changes
        else await service.default_domain(runtime, caller)
    )
    return answer({"object": "domains", "patched": True, "data": plain(_shape(found))})


@router.get("/validate", responses={200: {"model": Data[Instructions]}})
async def validate(runtime: RuntimeOf, caller: CallerOf) -> Response:
    """Look the records up in DNS now."""
    found = await service.check_default(runtime, caller)
    return one(
        Instructions(
            bounce=_instructions(found, "return_path"), tracking=_instructions(found, "tracking")
        )
    )


def _shape(view: DomainView | None) -> DomainsShape:
    if view is None:
        return DomainsShape()
    return DomainsShape(
        auth=view.name, bounce=view.return_path_host, dkim=view.name, tracking=view.tracking_host
    )


def _instructions(view: DomainView | None, kind: str) -> list[Instruction]:
    records = view.records if view is not None else []
    return [
        Instruction(
            entry=f"{record.host} {record.type} {record.value}", valid=record.state == "valid"
        )
        for record in records
        if record.kind.startswith(kind)
    ]
