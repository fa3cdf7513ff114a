"""`/brands/default/dkim`: the keys that sign mail."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import StringConstraints
from starlette.responses import Response

from mailwright.dialects.cakemail.dependencies import CallerOf, RuntimeOf
from mailwright.dialects.cakemail.fields import Body, NumberInPath, example
from mailwright.dialects.cakemail.shapes import Data, Made, Shape, answer, created, one, plain
from mailwright.services import domain_keys as service
from mailwright.services.domain_keys import DomainKey

router = APIRouter(prefix="/brands/default/dkim", tags=["dkim"])

NOUN = "dkim"


class DkimBody(Body):
    """A new key."""

    domain: Annotated[str, StringConstraints(min_length=1, max_length=255)]
    selector: Annotated[str, StringConstraints(max_length=63)] | None = None

    model_config = example({"domain": "harbour.example"})


class DkimSummary(Shape):
    """A key. Its record is `SELECTOR._domainkey.DOMAIN`, TXT, `v=DKIM1; k=rsa; p=PUBLIC_KEY`."""

    id: int
    status: str
    selector: str
    domain: str
    public_key: str


class DkimShape(DkimSummary):
    """The same, and whether it is of the account's default domain."""

    account_default: bool


class DkimKeys(Shape):
    """All keys."""

    data: list[DkimShape]


@router.get("", responses={200: {"model": DkimKeys}})
async def every(runtime: RuntimeOf, caller: CallerOf) -> Response:
    """List the keys. Status `pending`: its record is not seen yet; `retired`: signs no more."""
    keys = await service.every_key(runtime, caller)
    return answer(plain(DkimKeys(data=[_shape(key) for key in keys])))


@router.post("", status_code=201, responses={201: {"model": Made[DkimSummary]}})
async def create(runtime: RuntimeOf, caller: CallerOf, body: DkimBody) -> Response:
    """Make a key. A domain's present key signs until the new one's record is seen."""
    key = await service.create_key(runtime, caller, body.domain, body.selector or None)
    return created(NOUN, _summary(key))


@router.get("/{id}", responses={200: {"model": Data[DkimShape]}})
async def get(runtime: RuntimeOf, caller: CallerOf, id: NumberInPath) -> Response:  # noqa: A002
    """Show a key."""
    return one(_shape(await service.get_key(runtime, caller, id)))


@router.delete("/{id}", responses={200: {"model": Data[DkimSummary]}})
async def delete(runtime: RuntimeOf, caller: CallerOf, id: NumberInPath) -> Response:  # noqa: A002
    """Delete a key; without another one, mail of its domain is signed no more."""
    summary = plain(_summary(await service.delete_key(runtime, caller, id)))
    return answer({"object": NOUN, "deleted": True, "data": summary})


def _summary(key: DomainKey) -> DkimSummary:
    return DkimSummary(
        id=key.number,
        status=key.state,
        selector=key.selector,
        domain=key.domain,
        public_key=key.public_key,
    )


def _shape(key: DomainKey) -> DkimShape:
    return DkimShape(**plain(_summary(key)), account_default=key.is_default)
