"""`/projects`: SMTP transports, and what their servers say."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field, StringConstraints
from starlette.responses import Response

from mailwright.api.dependencies import CallerOf, PageOf, RuntimeOf
from mailwright.api.envelopes import Data, DataPage, many, nothing, one
from mailwright.api.fields import Body, Name, Secret, example
from mailwright.api.problems import errors
from mailwright.services import projects as service
from mailwright.services.projects import ProjectTest, ProjectView

router = APIRouter(prefix="/projects", tags=["projects"])

Host = Annotated[str, StringConstraints(max_length=255)]
Port = Annotated[int, Field(ge=1, le=65_535)]
#: 0.001: a mail in a quarter of an hour.
Rate = Annotated[float, Field(ge=0.001, le=1_000_000, allow_inf_nan=False)]
Connections = Annotated[int, Field(ge=1, le=1_000)]
Username = Annotated[str, StringConstraints(max_length=1_000)]


class ProjectFields(Body):
    """What can be set on a project; null clears.

    `transport`: `smtp`, with a `host`; `capture`, the built-in inbox; `installation`, the
    operator's. `tls`: absent: `none` on this machine, else `starttls`. `password` is write-only;
    another host, port or weaker protection needs it again.
    """

    transport: Literal["smtp", "capture", "installation"] = "installation"
    host: Host | None = None
    port: Port | None = None
    tls: Literal["none", "starttls", "implicit"] | None = None
    verify: bool = Field(default=True, description="Whether the certificate must be valid.")
    username: Username | None = None
    password: Secret | None = None
    rate_per_second: Rate | None = Field(None, description="Mails a second; null: no limit.")
    connections: Connections = 8
    default_sender_uuid: UUID | None = None
    is_default: bool = False

    def changes(self) -> Any:
        """The fields that were sent, the password as text for the one who seals it."""
        sent = super().changes()
        if self.password is not None:
            sent["password"] = self.password.get_secret_value()
        return sent


class ProjectCreate(ProjectFields):
    """A new project."""

    name: Name

    model_config = example(
        {
            "name": "Harbour Post",
            "host": "smtp.relay.example",
            "port": 587,
            "tls": "starttls",
            "username": "harbour",
            "password": "the relay's password",
            "rate_per_second": 50,
        }
    )


class ProjectPatch(ProjectFields):
    """What to change; absent fields stay."""

    name: Name = ""

    model_config = example({"is_default": True})


@router.post(
    "",
    status_code=201,
    responses={201: {"model": Data[ProjectView]}, **errors("DUPLICATE_RESOURCE")},
)
async def create(runtime: RuntimeOf, caller: CallerOf, body: ProjectCreate) -> Response:
    """Create a project. Its password is sealed and never shown again."""
    return one(await service.create_project(runtime, caller, body.changes()), 201)


@router.get("", responses={200: {"model": DataPage[ProjectView]}})
async def page(runtime: RuntimeOf, caller: CallerOf, page: PageOf) -> Response:
    """List projects by name."""
    return many(await service.page_projects(runtime, caller, page))


@router.get("/{project_uuid}", responses={200: {"model": Data[ProjectView]}})
async def get(runtime: RuntimeOf, caller: CallerOf, project_uuid: UUID) -> Response:
    """Get a project, with its outage while its server refuses us."""
    return one(await service.get_project(runtime, caller, project_uuid))


@router.patch(
    "/{project_uuid}",
    responses={
        200: {"model": Data[ProjectView]},
        **errors("DUPLICATE_RESOURCE", "PROJECT_IS_DEFAULT"),
    },
)
async def change(
    runtime: RuntimeOf, caller: CallerOf, project_uuid: UUID, body: ProjectPatch
) -> Response:
    """Change a project. A change of its transport ends the wait for one that refuses us."""
    return one(await service.change_project(runtime, caller, project_uuid, body.changes()))


@router.delete(
    "/{project_uuid}", status_code=204, responses=errors("PROJECT_IN_USE", "PROJECT_IS_DEFAULT")
)
async def delete(runtime: RuntimeOf, caller: CallerOf, project_uuid: UUID) -> Response:
    """Delete a project and its password."""
    await service.delete_project(runtime, caller, project_uuid)
    return nothing()


@router.post("/{project_uuid}/test", responses={200: {"model": Data[ProjectTest]}})
async def test(runtime: RuntimeOf, caller: CallerOf, project_uuid: UUID) -> Response:
    """Try a project's server: connect, TLS, EHLO, AUTH, QUIT. No mail is sent."""
    return one(await service.check_project(runtime, caller, project_uuid))
