"""Pictures (图片): thumbnails and public copies are drawn anew, so nothing of the original's metadata is in them."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from PIL import ExifTags, Image, ImageOps

from ticketing.errors import Invalid
from ticketing.file_types import GIF, HEIC, JPEG, PNG, WEBP, FileType

MAX_PIXELS = 50_000_000
THUMBNAIL = 480
COPY = 2560
_FORMATS = {JPEG: "JPEG", PNG: "PNG", GIF: "GIF", WEBP: "WEBP"}
_MAX_TEXT = 80
_BOMBS = (Image.DecompressionBombError, Image.DecompressionBombWarning)
_BROKEN = (OSError, ValueError, SyntaxError, KeyError, IndexError, TypeError, ZeroDivisionError, OverflowError)


@dataclass(frozen=True, slots=True)
class Picture:
    """What the house keeps beside a photo; `metadata` is what it says of itself: taken, latitude, longitude, camera."""

    width: int
    height: int
    thumbnail: bytes
    metadata: Mapping[str, Any]


def picture(data: bytes, kind: FileType) -> Picture | None:
    """The thumbnail and metadata of a photo; None for a kind that cannot be drawn here (HEIC)."""
    if kind == HEIC:
        return None
    with _opened(data, kind) as image:
        width, height = image.size
        metadata = _metadata(image)
        return Picture(width, height, _drawn(image, THUMBNAIL, quality=78), metadata)


def public_copy(data: bytes, kind: FileType) -> bytes:
    """The picture drawn anew as a JPEG, without place, time or camera."""
    if kind == HEIC:
        raise Invalid("file_not_copied")
    with _opened(data, kind) as image:
        return _drawn(image, COPY, quality=88)


@contextmanager
def _opened(data: bytes, kind: FileType) -> Iterator[Image.Image]:
    """The picture behind the bytes; one that would unfold to more than memory should hold is refused unread."""
    try:
        with Image.open(io.BytesIO(data), formats=[_FORMATS[kind]]) as image:
            if image.width * image.height > MAX_PIXELS:
                raise Invalid("picture_too_large")
            yield image
    except _BOMBS as error:
        raise Invalid("picture_too_large") from error
    except _BROKEN as error:
        raise Invalid("picture_broken") from error


def _drawn(image: Image.Image, longest: int, *, quality: int) -> bytes:
    image.draft("RGB", (longest, longest))
    turned = ImageOps.exif_transpose(image)
    turned.thumbnail((longest, longest))
    out = io.BytesIO()
    _flat(turned).save(out, "JPEG", quality=quality)
    return out.getvalue()


def _flat(image: Image.Image) -> Image.Image:
    """On white where it is transparent."""
    if image.mode == "RGB":
        return image
    layered = image.convert("RGBA")
    ground = Image.new("RGB", layered.size, "white")
    ground.paste(layered, mask=layered.getchannel("A"))
    return ground


def _metadata(image: Image.Image) -> dict[str, Any]:
    """Time, place and camera; what is damaged is left out, a photo is not refused for it."""
    exif = image.getexif()
    found: dict[str, Any] = {}
    try:
        inner, place = exif.get_ifd(ExifTags.IFD.Exif), exif.get_ifd(ExifTags.IFD.GPSInfo)
    except _BROKEN:
        return found
    taken = _text(inner.get(ExifTags.Base.DateTimeOriginal) or exif.get(ExifTags.Base.DateTime))
    if taken:
        found["taken"] = taken.replace(":", "-", 2)
    camera = " ".join(
        part for part in map(_text, (exif.get(ExifTags.Base.Make), exif.get(ExifTags.Base.Model))) if part
    )
    if camera:
        found["camera"] = camera
    at = _degrees(place, 2, "S"), _degrees(place, 4, "W")
    if at[0] is not None and at[1] is not None and abs(at[0]) <= 90 and abs(at[1]) <= 180:
        found["latitude"], found["longitude"] = at
    return found


def _text(value: object) -> str:
    return "".join(c for c in str(value) if c.isprintable()).strip()[:_MAX_TEXT] if value else ""


def _degrees(place: Mapping[int, Any], tag: int, negative: str) -> float | None:
    """Degrees, minutes and seconds as a decimal; the reference stands in the tag before."""
    try:
        degrees, minutes, seconds = (float(part) for part in place[tag])
        value = degrees + minutes / 60 + seconds / 3600
        reference = _text(place.get(tag - 1)).upper()
    except _BROKEN:
        return None
    return round(-value if reference == negative else value, 6) if math.isfinite(value) else None
