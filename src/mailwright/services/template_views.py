"""Templates and their versions as their tenant sees them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from mailwright.services.bodies import mjml_of
from mailwright.store.rows import Row


@dataclass(frozen=True, slots=True)
class VariableView:
    """A name the text asks for, declared by its author or found; `fallback`: where it is empty."""

    name: str
    type: str
    fallback: str | None
    declared: bool


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A version without what it says. Variants of each other share number and locale group."""

    uuid: UUID
    number: int
    state: str
    locale: str | None
    locale_group: UUID
    subject: str | None
    created_at: datetime
    updated_at: datetime
    published_at: datetime | None


@dataclass(frozen=True, slots=True)
class VersionView:
    """A version in full. `kind`: document or html; `content`, `mjml`: its source.

    `design`: what another's editor keeps beside its page.
    """

    uuid: UUID
    template_uuid: UUID
    number: int
    state: str
    locale: str | None
    locale_group: UUID
    subject: str | None
    preheader: str | None
    kind: str | None
    content: str | None
    document: dict[str, Any] | None
    html: str | None
    mjml: str | None
    text: str | None
    design_kind: str | None
    design: dict[str, Any] | None
    variables: list[VariableView]
    created_at: datetime
    updated_at: datetime
    published_at: datetime | None


@dataclass(frozen=True, slots=True)
class TemplateRow:
    """A template in a list."""

    uuid: UUID
    slug: str
    name: str
    description: str | None
    tags: list[str]
    default_locale: str | None
    versions_count: int
    published_count: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class TemplateView:
    """A template with its versions, newest number first."""

    uuid: UUID
    slug: str
    name: str
    description: str | None
    tags: list[str]
    default_locale: str | None
    versions: list[VersionRow]
    created_at: datetime
    updated_at: datetime


def row_view(row: Row) -> TemplateRow:
    """The view of a row of `store.templates.page`."""
    return TemplateRow(
        uuid=row["uuid"],
        slug=row["slug"],
        name=row["name"],
        description=row["description"],
        tags=row["tags"],
        default_locale=row["default_locale"],
        versions_count=row["versions_count"],
        published_count=row["published_count"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


def full_view(row: Row, versions: Sequence[Row]) -> TemplateView:
    """The view of a template and the rows of `store.template_versions.of_template`."""
    return TemplateView(
        uuid=row["uuid"],
        slug=row["slug"],
        name=row["name"],
        description=row["description"],
        tags=row["tags"],
        default_locale=row["default_locale"],
        versions=[_version_row(version) for version in versions],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


def version_view(row: Row) -> VersionView:
    """The view of a row of `store.template_versions.get`."""
    return VersionView(
        uuid=row["uuid"],
        template_uuid=row["template_uuid"],
        number=row["number"],
        state=row["state"],
        locale=row["locale"],
        locale_group=row["locale_group"],
        subject=row["subject"],
        preheader=row["preheader"],
        kind=row["kind"],
        content=row["markdown"],
        document=row["document"],
        html=row["html"],
        mjml=mjml_of(row),
        text=row["plain_text"],
        design_kind=row["design_kind"],
        design=row["design"],
        variables=[VariableView(**variable) for variable in row["variables"]],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        published_at=row["published_at"],
    )


def _version_row(row: Row) -> VersionRow:
    return VersionRow(
        uuid=row["uuid"],
        number=row["number"],
        state=row["state"],
        locale=row["locale"],
        locale_group=row["locale_group"],
        subject=row["subject"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        published_at=row["published_at"],
    )
