"""Shifting a moment by days inside SQL, the same way on both databases."""

from __future__ import annotations

from typing import Any

from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.elements import BindParameter
from sqlalchemy.sql.functions import FunctionElement

from ticketing.models import UtcDateTime


class days_after(FunctionElement[Any]):
    """A moment so many days later (or earlier, with a negative number)."""

    type = UtcDateTime()
    inherit_cache = True

    def __init__(self, moment: Any, days: int) -> None:
        super().__init__(moment, BindParameter(None, f"{days:+d} days", unique=True))


def _parts(element: days_after, compiler: Any, **kw: Any) -> tuple[str, str]:
    moment, shift = list(element.clauses)
    return compiler.process(moment, **kw), compiler.process(shift, **kw)


@compiles(days_after, "sqlite")
def _on_sqlite(element: days_after, compiler: Any, **kw: Any) -> str:
    moment, shift = _parts(element, compiler, **kw)
    return f"strftime('%Y-%m-%d %H:%M:%f000', {moment}, {shift})"


@compiles(days_after, "postgresql")
def _on_postgresql(element: days_after, compiler: Any, **kw: Any) -> str:
    moment, shift = _parts(element, compiler, **kw)
    return f"({moment} + CAST({shift} AS interval))"
