"""How the layers above reach the database: short hops, each one transaction in a thread."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from sqlalchemy.orm import Session

P = ParamSpec("P")
T = TypeVar("T")


class Database(Protocol):
    """Two kinds of session, each for a thread (`with`) or for the event loop (`await`).

    A write is one immediate transaction: it commits at the end or leaves nothing. `session.info["vault"]` is set.
    """

    def read(self) -> AbstractContextManager[Session]:
        """A session that only looks."""
        ...

    def write(self) -> AbstractContextManager[Session]:
        """A session in one immediate transaction."""
        ...

    async def reading(self, work: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `work(session, …)` in a thread, looking only."""
        ...

    async def writing(self, work: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `work(session, …)` in a thread, in one transaction."""
        ...
