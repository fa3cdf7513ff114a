"""`…/contacts/tag` and the like: tags and interests put on people of a list and taken off."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from mailwright.dialects.cakemail import queries
from mailwright.dialects.cakemail.contact_shapes import (
    InterestsForMany,
    TagsBody,
    TagsForMany,
    Whom,
)
from mailwright.dialects.cakemail.contacts import OnList, OnListOf
from mailwright.dialects.cakemail.dependencies import CallerOf, RuntimeOf
from mailwright.dialects.cakemail.fields import NumberInPath
from mailwright.dialects.cakemail.queries import written
from mailwright.dialects.cakemail.shapes import Done, answer
from mailwright.errors import InvalidInput
from mailwright.services import interests, tags
from mailwright.services.caller import Caller
from mailwright.services.numbers import uuid_of, uuids_of
from mailwright.services.runtime import Runtime
from mailwright.services.selections import Selection

router = APIRouter(prefix="/lists/{list_id}/contacts", tags=["contacts"])


@router.post("/tag", responses={200: {"model": Done}})
async def tag_many(
    runtime: RuntimeOf, caller: CallerOf, list_id: NumberInPath, body: TagsForMany
) -> Response:
    """Put tags on contacts, or on everybody a query fits."""
    whom = await _whom(runtime, caller, list_id, body)
    await tags.change_tags(runtime, caller, whom, add=body.tags)
    return answer({"tagged": True})


@router.post("/untag", responses={200: {"model": Done}})
async def untag_many(
    runtime: RuntimeOf, caller: CallerOf, list_id: NumberInPath, body: TagsForMany
) -> Response:
    """Take tags off contacts, or off everybody a query fits."""
    whom = await _whom(runtime, caller, list_id, body)
    await tags.change_tags(runtime, caller, whom, remove=body.tags)
    return answer({"untagged": True})


@router.post("/add-interests", responses={200: {"model": Done}})
async def add_interests(
    runtime: RuntimeOf, caller: CallerOf, list_id: NumberInPath, body: InterestsForMany
) -> Response:
    """Give interests to contacts, or to everybody a query fits."""
    whom = await _whom(runtime, caller, list_id, body)
    await interests.change_interests(runtime, caller, whom, add=body.interests)
    return answer({"object": "interests", "added": True})


@router.post("/remove-interests", responses={200: {"model": Done}})
async def remove_interests(
    runtime: RuntimeOf, caller: CallerOf, list_id: NumberInPath, body: InterestsForMany
) -> Response:
    """Take interests from contacts, or from everybody a query fits."""
    whom = await _whom(runtime, caller, list_id, body)
    await interests.change_interests(runtime, caller, whom, remove=body.interests)
    return answer({"object": "interests", "removed": True})


@router.post("/{contact_id}/tag", responses={200: {"model": Done}})
async def tag(
    runtime: RuntimeOf,
    caller: CallerOf,
    contact: OnListOf,
    body: TagsBody,
) -> Response:
    """Put tags on a contact."""
    await tags.change_tags(runtime, caller, _alone(contact), add=body.tags)
    return answer({"id": contact.number, "object": "contact", "tagged": True})


@router.post("/{contact_id}/untag", responses={200: {"model": Done}})
async def untag(
    runtime: RuntimeOf,
    caller: CallerOf,
    contact: OnListOf,
    body: TagsBody,
) -> Response:
    """Take tags off a contact."""
    await tags.change_tags(runtime, caller, _alone(contact), remove=body.tags)
    return answer({"id": contact.number, "object": "contact", "untagged": True})


def _alone(contact: OnList) -> Selection:
    return Selection(contact.list_uuid, [contact.uuid])


async def _whom(runtime: Runtime, caller: Caller, list_id: int, body: Whom) -> Selection:
    """The contacts of the list that a call names. Raises InvalidInput."""
    list_uuid = await uuid_of(runtime, caller, "list", list_id)
    what = written(query=body.query, fiql=body.fiql, json=body.json_)
    if (body.contact_ids is None) == (what is None):
        raise InvalidInput.field("contact_ids", "Give contact_ids, or one of query, fiql and json.")
    if what is not None:
        return Selection(list_uuid, rule=await queries.rule_for(runtime, caller, list_uuid, what))
    numbers = list(dict.fromkeys(body.contact_ids or ()))
    found = await uuids_of(runtime, caller, "contact", numbers)
    missing = [str(number) for number in numbers if number not in found]
    if missing:
        told = ", ".join(missing[:10])
        raise InvalidInput.field("contact_ids", f"There is no such contact: {told}.")
    return Selection(list_uuid, list(found.values()))
