"""`/tags`: words on contacts, of the whole account."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import StringConstraints
from starlette.responses import Response

from mailwright.dialects.cakemail.dependencies import CallerOf, RuntimeOf
from mailwright.dialects.cakemail.fields import Body, example
from mailwright.dialects.cakemail.paging import AskedOf
from mailwright.dialects.cakemail.shapes import Data, DataPage, Shape, answer, many, plain
from mailwright.domain.storable import is_storable
from mailwright.errors import NotFound
from mailwright.services import tags as service

router = APIRouter(prefix="/tags", tags=["tags"])

TAG_PATTERN = r"^[A-Za-z0-9.\-+_]+$"
Tag = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=TAG_PATTERN)]


class TagBody(Body):
    """The name of a tag."""

    tag: Tag

    model_config = example({"tag": "vip"})


class TagShape(Shape):
    """A tag."""

    tag: str


class TagDone(TagShape):
    """What was done to a tag."""

    object: str


@router.get("", responses={200: {"model": DataPage[TagShape]}})
async def page(runtime: RuntimeOf, caller: CallerOf, asked: AskedOf) -> Response:
    """Show all tags."""
    found = await service.page_tags(runtime, caller, asked.page)
    return many([TagShape(tag=view.name) for view in found.items], asked, found.total)


@router.post("", status_code=201, responses={201: {"model": TagDone}})
async def create(runtime: RuntimeOf, caller: CallerOf, body: TagBody) -> Response:
    """Create a tag."""
    made = await service.create_tag(runtime, caller, body.tag)
    return _told(made.name, 201, created=True)


@router.get("/{tag}", responses={200: {"model": Data[TagShape]}})
async def get(runtime: RuntimeOf, caller: CallerOf, tag: str) -> Response:
    """Show a tag."""
    found = await service.get_tag(runtime, caller, _name(tag))
    return answer({"tag": found.name, "data": plain(TagShape(tag=found.name))})


@router.patch("/{tag}", responses={200: {"model": TagDone}})
async def change(runtime: RuntimeOf, caller: CallerOf, tag: str, body: TagBody) -> Response:
    """Rename a tag, on contacts and in segments."""
    found = await service.rename_tag(runtime, caller, _name(tag), body.tag)
    return _told(found.name, updated=True)


@router.delete("/{tag}", responses={200: {"model": TagDone}})
async def delete(runtime: RuntimeOf, caller: CallerOf, tag: str) -> Response:
    """Delete a tag; no contact has it any more."""
    await service.delete_tag(runtime, caller, _name(tag))
    return answer({"tag": tag, "object": "tag", "deleted": True})


def _name(tag: str) -> str:
    if not is_storable(tag):
        raise NotFound("There is no such tag.")
    return tag


def _told(name: str, status: int = 200, **words: bool) -> Response:
    data = plain(TagShape(tag=name))
    return answer({"tag": name, "object": "tag", **words, "data": data}, status)
