"""What happened (日志): every delivery, document and answer, numbered, for the page and for tests."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

_KEPT = 2000


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: which pane it belongs to, who it concerns, what it is."""

    number: int
    at: str
    pane: str
    who: str
    kind: str
    text: str
    data: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        """As the page reads it."""
        return asdict(self)


@dataclass
class Journal:
    """The newest lines."""

    now: Callable[[], datetime]
    entries: deque[Entry] = field(default_factory=lambda: deque(maxlen=_KEPT))
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def note(self, pane: str, who: str, kind: str, text: str = "", **data: Any) -> None:
        """Add a line."""
        self.entries.append(Entry(next(self._numbers), self.now().isoformat(), pane, who, kind, text[:4000], data))

    def after(self, number: int) -> list[Entry]:
        """The lines that came later."""
        return [entry for entry in self.entries if entry.number > number]

    def of(self, kind: str) -> list[Entry]:
        """The lines of a kind."""
        return [entry for entry in self.entries if entry.kind == kind]
