"""Which published variants there are for a version, and who gets which of them."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from mailwright.domain.locale_routing import Routing
from mailwright.domain.locales import parse_locale
from mailwright.domain.template_version import VersionState
from mailwright.errors import NotFound, NotReady
from mailwright.store import template_versions, templates, tenants
from mailwright.store.rows import Row


async def routing_of(
    connection: AsyncConnection, campaign: Row
) -> tuple[Routing, Sequence[Row]] | None:
    """The routing of a campaign's row with the variants, the named one first.

    None: the campaign has a body of its own, or its version is not published.
    """
    if campaign["template_version_id"] is None:
        return None
    tenant_id = campaign["tenant_id"]
    named = await template_versions.by_id(connection, tenant_id, campaign["template_version_id"])
    if named is None or named["state"] != VersionState.PUBLISHED:
        return None
    return await _routing(
        connection,
        named,
        language=campaign["language"],
        requires_variant=campaign["require_locale_variant"],
    )


async def published_version(
    connection: AsyncConnection,
    tenant_id: int,
    *,
    version_uuid: UUID | None = None,
    slug: str | None = None,
    locale: str | None = None,
) -> Row:
    """The published version with that uuid, or the newest of the template with that slug.

    With a `locale`, the variant somebody of that locale gets. For single mails. Raises NotFound,
    NotReady TEMPLATE_VERSION_UNPUBLISHED.
    """
    if version_uuid is not None:
        named = await template_versions.get(connection, tenant_id, version_uuid)
        if named is None:
            raise NotFound("There is no such version of a template.")
    else:
        template = await templates.by_slug(connection, tenant_id, slug or "")
        if template is None:
            raise NotFound("There is no template with that slug.")
        named = await template_versions.latest_published(connection, tenant_id, template["id"])
    if named is None or named["state"] != VersionState.PUBLISHED:
        raise NotReady(
            "This template has no published version; publish it first.",
            code="TEMPLATE_VERSION_UNPUBLISHED",
        )
    if locale is None:
        return named
    routing, variants = await _routing(connection, named, language=locale)
    wanted = routing.route(parse_locale(locale, field="locale")).variant_id
    return next(variant for variant in variants if variant["id"] == wanted)


async def _routing(
    connection: AsyncConnection, named: Row, *, language: str, requires_variant: bool = False
) -> tuple[Routing, Sequence[Row]]:
    variants = await template_versions.published_beside(connection, named)
    tenant = await tenants.get(connection, named["tenant_id"])
    assert tenant is not None
    spoken = named["default_locale"] or language
    ids = {variant["locale"] or "": variant["id"] for variant in variants}
    if "" in ids and named["default_locale"] is not None:  # what has no locale is in the default
        ids.setdefault(named["default_locale"], ids[""])
    routing = Routing(
        variants=ids,
        locales={variant["id"]: variant["locale"] or spoken for variant in variants},
        named=named["id"],
        fallback=tenant["fallback_locale"],
        requires_variant=requires_variant,
    )
    return routing, variants
