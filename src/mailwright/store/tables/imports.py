"""Files of contacts on their way in."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, PrimaryKeyConstraint, Table, UniqueConstraint

from mailwright.store.tables.columns import (
    count,
    flag,
    identity,
    json,
    maybe,
    metadata,
    noun,
    now,
    one_of,
    tenant,
    time,
    uuid,
    words,
)

imports = Table(
    "imports",
    metadata,
    tenant(),
    identity(),
    uuid(),
    words("state", default="queued"),
    words("file_name"),
    words("file_path"),
    Column("list_id", BigInteger),
    Column("project_id", BigInteger),
    words("consent_source", default="import"),
    flag("dry_run", default=False),  # counts and the error file; nothing is changed
    flag("held", default=False),  # the file is kept until somebody starts it
    json("mapping"),
    count("file_bytes"),
    count("bytes_read"),  # where the next chunk begins
    count("lines_read"),
    count("rows_read"),
    count("created"),
    count("updated"),
    count("rejected"),
    maybe("error_file"),
    count("error_bytes"),  # what of the error file is committed; a restart cuts off the rest
    maybe("error"),
    count("undone_contacts"),
    count("undone_memberships"),
    count("undone_to"),  # where the next chunk of an undo begins
    now("created_at"),
    time("finished_at"),
    time("undone_at"),
    *noun(),
    Index("ix_imports_held", "created_at", postgresql_where="held"),
    one_of("state", ("waiting", "queued", "running", "done", "failed", "undoing", "undone")),
)

# What a dry run has seen of its file so far; emptied when it is over.
import_addresses = Table(
    "import_addresses",
    metadata,
    tenant(),
    Column("import_id", BigInteger, nullable=False),
    words("email_key"),
    maybe("external_id"),
    PrimaryKeyConstraint("tenant_id", "import_id", "email_key"),
    UniqueConstraint("tenant_id", "import_id", "external_id"),
)
