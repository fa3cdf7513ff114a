"""`/account`: the caller's own account."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import StringConstraints
from starlette.responses import Response

from mailwright.api.dependencies import CallerOf, RuntimeOf
from mailwright.api.envelopes import Data, one
from mailwright.api.fields import Body, Name, example
from mailwright.services import account as service
from mailwright.services.account import AccountView

router = APIRouter(prefix="/account", tags=["account"])


class AccountPatch(Body):
    """What to change; absent fields stay, `null` clears."""

    name: Name = ""
    postal_address: Annotated[str, StringConstraints(max_length=1000)] | None = None
    fallback_locale: str = "en"
    monthly_quota: int | None = None

    model_config = example({"postal_address": "1 High Street, Harbour", "monthly_quota": 100_000})


@router.get("", responses={200: {"model": Data[AccountView]}})
async def get(runtime: RuntimeOf, caller: CallerOf) -> Response:
    """Get the account."""
    return one(await service.get_account(runtime, caller))


@router.patch("", responses={200: {"model": Data[AccountView]}})
async def change(runtime: RuntimeOf, caller: CallerOf, body: AccountPatch) -> Response:
    """Change the account: its name, postal address, fallback language, monthly quota."""
    return one(await service.change_account(runtime, caller, body.changes()))
