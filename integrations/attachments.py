"""Files in and out of the house (附件收发): looked at, scanned, sealed and stored before anything refers to them."""

from __future__ import annotations

import asyncio
import hashlib
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

import structlog
from aiohttp import web

from integrations.bootstrap import House
from integrations.storage import storage_of
from integrations.storage.scanner import scan
from ticketing import attachments
from ticketing.attachment_views import AttachmentView
from ticketing.attachments import Content, Origin
from ticketing.errors import NotFound, Unavailable
from ticketing.file_types import HEIC, JPEG, FileType
from ticketing.pictures import public_copy

log = structlog.get_logger()
THUMBNAIL = ".thumbnail"
_AT_ONCE = 3  # a file is in memory in whole, twice while it is sealed
_INERT = "default-src 'none'; sandbox"
_gates: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = weakref.WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Handout:
    """Bytes on their way out, with the name and type they leave under."""

    name: str
    media_type: str
    data: bytes


def take_in(house: House, data: bytes, name: str, now: datetime) -> Content:
    """Look at a file, scan it and store it sealed; raises with the reason where it is refused. Runs in a thread."""
    content = attachments.examine(data, name)
    scan(house.settings, data)
    with house.database.write() as session:
        attachments.claim(session, content, now)
    stem, storage = content.sha256.hex(), storage_of(house.settings)
    for stored, plain in ((stem, data), (stem + THUMBNAIL, content.thumbnail)):
        if plain is not None and not storage.has(stored):
            storage.put(stored, house.vault.seal_bytes(plain))
    return content


def keep(house: House, data: bytes, name: str, origin: Origin, now: datetime) -> AttachmentView:
    """Take a file in and record its use, for workers: a recording, a letter's enclosure, a message's photo."""
    content = take_in(house, data, name, now)
    with house.database.write() as session:
        return attachments.add(session, content, origin, now)


async def receive(house: House, data: bytes, name: str, now: datetime) -> Content:
    """`take_in` for a request; a few at a time, so that uploads do not fill the memory."""
    gate = _gates.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(_AT_ONCE))
    async with gate:
        return await asyncio.to_thread(take_in, house, data, name, now)


def read(house: House, sha256: str) -> bytes:
    """A file's bytes, checked against the hash they are known by."""
    data = _stored(house, sha256)
    if hashlib.sha256(data).hexdigest() != sha256:
        log.error("attachment_changed", sha256=sha256)
        raise Unavailable("attachment_damaged")
    return data


def thumbnail(house: House, view: AttachmentView) -> Handout:
    """The small picture of a photo, drawn anew when it was taken in."""
    if not view.has_thumbnail:
        raise NotFound("attachment_not_found")
    return Handout("thumbnail.jpg", "image/jpeg", _stored(house, view.sha256 + THUMBNAIL))


def original(house: House, view: AttachmentView) -> Handout:
    """The file as it came in."""
    return Handout(view.name, view.media_type, read(house, view.sha256))


def copy(house: House, view: AttachmentView) -> Handout:
    """A photo drawn anew, without its metadata."""
    kind = HEIC if view.extension == HEIC.extension else FileType(view.medium, view.media_type, view.extension)
    stem = view.name.rsplit(".", 1)[0]
    return Handout(f"{stem}.{JPEG.extension}", JPEG.media_type, public_copy(read(house, view.sha256), kind))


def _stored(house: House, name: str) -> bytes:
    sealed = storage_of(house.settings).get(name)
    if sealed is None:
        log.error("attachment_missing", name=name)
        raise Unavailable("attachment_damaged")
    return house.vault.unseal_bytes(sealed)


def download(handout: Handout) -> web.Response:
    """A file to save: no browser opens it inside our pages, whatever is in it."""
    plain = "".join(c if c.isascii() and c not in '"\\' else "_" for c in handout.name)
    disposition = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(handout.name, safe='')}"
    return web.Response(body=handout.data, headers=_headers(handout.media_type, disposition))


def inline(handout: Handout) -> web.Response:
    """A thumbnail in a page; it was drawn here, so nothing foreign is in it."""
    return web.Response(
        body=handout.data, headers={**_headers(handout.media_type, "inline"), "Cache-Control": "private, max-age=3600"}
    )


def _headers(media_type: str, disposition: str) -> Mapping[str, str]:
    return {
        "Content-Type": media_type,
        "Content-Disposition": disposition,
        "Content-Security-Policy": _INERT,
        "X-Content-Type-Options": "nosniff",
    }


def sweep(house: House, now: datetime) -> int:
    """Let go of what was uploaded and never sent, and of bytes nobody uses; returns how many files went."""
    with house.database.write() as session:
        attachments.let_go(session, now)
    with house.database.read() as session:
        unused = attachments.unused(session, now)
    storage, gone = storage_of(house.settings), 0
    for sha256 in unused:
        with house.database.write() as session:
            if attachments.discard(session, sha256, now):
                storage.remove(sha256.hex() + THUMBNAIL)
                storage.remove(sha256.hex())
                gone += 1
    return gone
