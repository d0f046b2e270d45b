"""The knowledge in use (知识快照): one library and its linker, swapped as one when guides change."""

from __future__ import annotations

from dataclasses import dataclass

from bot.guides.library import Library
from bot.guides.linker import Linker


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A library and the linker built from it; a turn reads one snapshot from its start to its end."""

    library: Library
    linker: Linker


class Knowledge:
    """Holds the snapshot in use. Setting one attribute is atomic, so no turn sees half of a change."""

    def __init__(self, library: Library, linker: Linker) -> None:
        self._current = Snapshot(library, linker)

    @property
    def current(self) -> Snapshot:
        """The snapshot in use."""
        return self._current

    def publish(self, library: Library, linker: Linker) -> None:
        """Put a new snapshot in use; turns that run keep the one they began with."""
        self._current = Snapshot(library, linker)
