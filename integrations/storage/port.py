"""What a storage does: keeps sealed bytes by a name that never changes its content."""

from __future__ import annotations

from typing import Protocol


class Storage(Protocol):
    """Called in threads. A name is lower-case hexadecimal, with a suffix for what was made from the bytes."""

    def put(self, name: str, data: bytes) -> None:
        """Keep bytes; they are there in whole, or not at all."""
        ...

    def get(self, name: str) -> bytes | None:
        """The bytes of a name, None where there are none."""
        ...

    def has(self, name: str) -> bool:
        """Whether a name is kept."""
        ...

    def remove(self, name: str) -> None:
        """Let go of a name; one that is not there is let go of already."""
        ...
