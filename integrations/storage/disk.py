"""Attachments in a folder: written beside their place, synced and renamed, so a crash leaves no half file."""

from __future__ import annotations

import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path

_NAME = re.compile(r"[0-9a-f]{64}(?:\.[a-z]{1,10})?")


@dataclass(frozen=True)
class Disk:
    """Files by the first two digits of their hash, readable by their owner alone."""

    root: Path

    def put(self, name: str, data: bytes) -> None:
        """Keep bytes; they are there in whole, or not at all."""
        path = self._path(name)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = path.with_name(f".{name}.{secrets.token_hex(6)}")
        try:
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            draft.rename(path)
        finally:
            draft.unlink(missing_ok=True)
        _sync(path.parent)

    def get(self, name: str) -> bytes | None:
        """The bytes of a name, None where there are none."""
        try:
            return self._path(name).read_bytes()
        except FileNotFoundError:
            return None

    def has(self, name: str) -> bool:
        """Whether a name is kept."""
        return self._path(name).is_file()

    def remove(self, name: str) -> None:
        """Let go of a name; one that is not there is let go of already."""
        self._path(name).unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise ValueError("a stored name is a hash")
        return self.root / name[:2] / name


def _sync(folder: Path) -> None:
    """Make the rename last through a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
