"""`/accounts/self`: the caller's own account. There are none below it."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from mailwright.dialects.cakemail.account_shapes import AccountPatch, AccountShape, account_shape
from mailwright.dialects.cakemail.dependencies import CallerOf, RuntimeOf
from mailwright.dialects.cakemail.paging import AskedOf
from mailwright.dialects.cakemail.shapes import Data, DataPage, answer, many, one, plain
from mailwright.errors import InvalidInput, NotFound
from mailwright.services import account as service
from mailwright.services.account_people import get_account_people
from mailwright.services.caller import Caller
from mailwright.services.runtime import Runtime

router = APIRouter(prefix="/accounts/self", tags=["accounts"])
below = APIRouter(prefix="/accounts", tags=["accounts"])


@router.get("", responses={200: {"model": Data[AccountShape]}})
async def get(runtime: RuntimeOf, caller: CallerOf) -> Response:
    """Show the account."""
    return one(await _shape(runtime, caller))


@router.patch("", responses={200: {"model": Data[AccountShape]}})
async def change(runtime: RuntimeOf, caller: CallerOf, body: AccountPatch) -> Response:
    """Change the account: its name, address, phones and website."""
    if body.account_owner is not None:
        caller.require("account:write")
        people = await get_account_people(runtime, caller)
        if people.owner_number != body.account_owner.user_id:
            sentence = "Owners are made by their role: PATCH /api/v1/members."
            raise InvalidInput.field("account_owner.user_id", sentence)
    await service.change_account(runtime, caller, body.ours())
    data = plain(await _shape(runtime, caller))
    return answer({"id": data["id"], "object": "account", "data": data, "warnings": []})


@below.get("", responses={200: {"model": DataPage[AccountShape]}})
async def page(caller: CallerOf, asked: AskedOf) -> Response:
    """Show all accounts below the caller's own: there are none."""
    caller.require("account:read")
    return many([], asked, 0)


@below.get("/{account_id}", responses={200: {"model": Data[AccountShape]}})
async def get_by_id(runtime: RuntimeOf, caller: CallerOf, account_id: int) -> Response:
    """Show the account of that id, if it is the caller's own."""
    if account_id != caller.tenant_id:
        raise NotFound("There is no such account.")
    return one(await _shape(runtime, caller))


async def _shape(runtime: Runtime, caller: Caller) -> AccountShape:
    view = await service.get_account(runtime, caller)
    return account_shape(view, await get_account_people(runtime, caller), caller.tenant_id)
