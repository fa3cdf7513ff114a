"""`/inbound`: mail that came back, handed over by whoever receives it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import AfterValidator, StringConstraints
from starlette.responses import Response

from mailwright.api.dependencies import CallerOf, RuntimeOf
from mailwright.api.envelopes import Data, one
from mailwright.domain.storable import storable
from mailwright.errors import InvalidInput
from mailwright.services import inbound as service
from mailwright.services.inbound_views import InboundView

router = APIRouter(prefix="/inbound", tags=["inbound"])

MEDIA_TYPES = ("message/rfc822", "message/global")

_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {MEDIA_TYPES[0]: {"schema": {"type": "string", "format": "binary"}}},
    },
}
Recipient = Annotated[str, StringConstraints(max_length=320), AfterValidator(storable)]


@router.post("", responses={200: {"model": Data[InboundView]}}, openapi_extra=_BODY)
async def take(
    runtime: RuntimeOf,
    caller: CallerOf,
    request: Request,
    recipient: Annotated[Recipient | None, Query(description="Of the envelope.")] = None,
) -> Response:
    """Take a bounce, a complaint or an automatic answer: `message/rfc822`, at most 10 MB.

    Says what it was taken for and what was done. The same mail again changes nothing.
    """
    caller.require("events:write")
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in MEDIA_TYPES:
        raise InvalidInput.field("body", f"Send the mail itself, as {MEDIA_TYPES[0]}.")
    raw = await request.body()  # BodyLimit ends it where there is too much
    if not raw.strip():
        raise InvalidInput.field("body", "There is no mail in the body.")
    return one(await service.take_inbound(runtime, caller, raw, recipient=recipient))
