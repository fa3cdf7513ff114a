"""The columns and constraints that tables are made of."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKeyConstraint,
    Identity,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, UUID

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def tenant() -> Column[Any]:
    return Column("tenant_id", Integer, nullable=False)


def identity() -> Column[Any]:
    return Column("id", BigInteger, Identity(always=False), nullable=False)


def uuid() -> Column[Any]:
    return Column("uuid", UUID(as_uuid=True), nullable=False)


def time(name: str) -> Column[Any]:
    return Column(name, DateTime(timezone=True), nullable=True)


def now(name: str) -> Column[Any]:
    return Column(name, DateTime(timezone=True), nullable=False, server_default=func.now())


def flag(name: str, *, default: bool) -> Column[Any]:
    return Column(name, Boolean, nullable=False, server_default=text(str(default).lower()))


def count(name: str) -> Column[Any]:
    return Column(name, BigInteger, nullable=False, server_default=text("0"))


def words(name: str, *, default: str | None = None) -> Column[Any]:
    return Column(
        name, Text, nullable=False, server_default=None if default is None else text(f"'{default}'")
    )


def maybe(name: str) -> Column[Any]:
    return Column(name, Text, nullable=True)


def json(name: str, *, default: str | None = None) -> Column[Any]:
    return Column(
        name,
        JSONB(none_as_null=True),
        nullable=default is None,
        server_default=None if default is None else text(f"'{default}'::jsonb"),
    )


def one_of(column: str, words: type[StrEnum] | tuple[str, ...]) -> CheckConstraint:
    listed = ", ".join(f"'{word}'" for word in words)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def noun() -> tuple[PrimaryKeyConstraint, UniqueConstraint]:
    return PrimaryKeyConstraint("tenant_id", "id"), UniqueConstraint("tenant_id", "uuid")


def owner(column: str, table: str, *, ondelete: str | None = None) -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["tenant_id", column], [f"{table}.tenant_id", f"{table}.id"], ondelete=ondelete
    )
