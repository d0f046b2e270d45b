"""Outlook's `winmail.dat` (TNEF): the files inside it, and its words where it has plain ones."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

NAMES = frozenset({"winmail.dat", "win.dat"})
TYPES = frozenset({"application/ms-tnef", "application/vnd.ms-tnef"})
_SIGNATURE = 0x223E9F78
_MOST = 2000


class _Tag(IntEnum):
    """attBody, attAttachRendData (a new file begins), attAttachTitle, attAttachData."""

    BODY = 0x0002800C
    RENDERING = 0x00069002
    TITLE = 0x00018010
    DATA = 0x0006800F


@dataclass(frozen=True, slots=True)
class Winmail:
    """What was inside: words and files by name."""

    text: bytes
    files: tuple[tuple[bytes, bytes], ...]


def opened(data: bytes) -> Winmail | None:
    """The content of a `winmail.dat`; None where it is none. What is cut off or odd ends the reading."""
    if len(data) < 6 or struct.unpack_from("<I", data)[0] != _SIGNATURE:
        return None
    text, name = b"", b""
    files: list[tuple[bytes, bytes]] = []
    for tag, value in _attributes(data):
        match tag:
            case _Tag.BODY:
                text = value.rstrip(b"\0")
            case _Tag.RENDERING:
                name = b""
            case _Tag.TITLE:
                name = value.rstrip(b"\0")
            case _Tag.DATA:
                files.append((name or b"file", value))
    return Winmail(text, tuple(files))


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 6
    for _ in range(_MOST):
        if at + 9 > len(data):
            return
        tag, size = struct.unpack_from("<II", data, at + 1)
        if at + 9 + size > len(data):
            return
        yield tag, data[at + 9 : at + 9 + size]
        at += 9 + size + 2  # a checksum follows
