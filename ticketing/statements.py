"""Statements that are built once and read the same in both dialects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from sqlalchemy import ColumnElement, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import ReturningInsert

from ticketing.models import Base


def table_of(model: type[Base]) -> Table:
    """The Core table of a model: hot paths go without the ORM."""
    return cast(Table, model.__table__)


def insert_or_skip(
    table: Table,
    *unique: str,
    where: ColumnElement[bool] | None = None,
    returning: Sequence[ColumnElement[Any]] = (),
) -> Mapping[str, ReturningInsert[Any]]:
    """By dialect name: an insert that returns no row where one with the same unique columns exists."""
    on_sqlite = sqlite.insert(table).on_conflict_do_nothing(index_elements=unique, index_where=where)
    on_postgresql = postgresql.insert(table).on_conflict_do_nothing(index_elements=unique, index_where=where)
    return {"sqlite": on_sqlite.returning(*returning), "postgresql": on_postgresql.returning(*returning)}


def dialect_of(session: Any) -> str:
    """`sqlite` or `postgresql`."""
    return cast(str, session.get_bind().dialect.name)
