"""`/domains`: sending domains, and what DNS says of their records (vendors.md 2.1)."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from mailwright.dialects.mailingcore.dependencies import CallerOf, PageOf, RuntimeOf, known
from mailwright.dialects.mailingcore.fields import Body, example
from mailwright.dialects.mailingcore.shapes import DataPage, Moment, Shape, many, nothing, one
from mailwright.errors import InvalidInput
from mailwright.services import domains as service
from mailwright.services.domain_views import DomainView

router = APIRouter(prefix="/domains", tags=["domains"])


class DomainBody(Body):
    """A domain to send from."""

    domain: str

    model_config = example({"domain": "example.com"})


class RecordShape(Shape):
    """A record to publish."""

    type: str
    host: str
    value: str
    status: str
    hint: str | None


class DomainShape(Shape):
    """A domain. Each status is VALID, PENDING or FAILED, as at the last check."""

    id: str
    domain: str
    status: str
    spf_status: str
    dkim_status: str
    dmarc_status: str
    records: list[RecordShape]
    checked_at: Moment | None
    created_at: Moment


@router.post("", status_code=201, responses={201: {"model": DomainShape}})
async def create(runtime: RuntimeOf, caller: CallerOf, body: DomainBody) -> Response:
    """Add a domain; the records in the answer wait to be published."""
    try:
        view = await service.create_domain(runtime, caller, body.domain)
    except InvalidInput as error:
        raise InvalidInput.field("domain", error.message) from None
    return one(_shape(view), 201)


@router.get("", responses={200: {"model": DataPage[DomainShape]}})
async def page(runtime: RuntimeOf, caller: CallerOf, page: PageOf) -> Response:
    """List domains by name."""
    found = await service.page_domains(runtime, caller, page)
    return many([_shape(view) for view in found.items], page, found.total)


@router.get("/{domain_id}", responses={200: {"model": DomainShape}})
async def get(runtime: RuntimeOf, caller: CallerOf, domain_id: str) -> Response:
    """Get a domain as it was at the last check."""
    return one(_shape(await service.get_domain(runtime, caller, known(domain_id, "domain"))))


@router.post("/{domain_id}/verify", responses={200: {"model": DomainShape}})
async def verify(runtime: RuntimeOf, caller: CallerOf, domain_id: str) -> Response:
    """Ask DNS about a domain's records now."""
    return one(_shape(await service.verify_domain(runtime, caller, known(domain_id, "domain"))))


@router.delete("/{domain_id}", status_code=204)
async def delete(runtime: RuntimeOf, caller: CallerOf, domain_id: str) -> Response:
    """Remove a domain; its mail is signed no more."""
    await service.delete_domain(runtime, caller, known(domain_id, "domain"))
    return nothing()


def _shape(view: DomainView) -> DomainShape:
    states = {record.kind: record.state.upper() for record in view.records}
    return DomainShape(
        id=str(view.uuid),
        domain=view.name,
        status=view.state.upper(),
        spf_status=states["spf"],
        dkim_status=states["dkim"],
        dmarc_status=states["dmarc"],
        records=[
            RecordShape(
                type=record.type,
                host=record.host,
                value=record.value,
                status=record.state.upper(),
                hint=record.mend,
            )
            for record in view.records
        ],
        checked_at=view.checked_at,
        created_at=view.created_at,
    )
