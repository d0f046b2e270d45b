"""Photos: time and place are read, thumbnails and copies carry neither, bombs and damaged files are refused."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from PIL import ExifTags, Image

from ticketing.errors import Invalid
from ticketing.file_types import GIF, HEIC, JPEG, PNG, WEBP
from ticketing.pictures import picture, public_copy


def photo(width: int = 1200, height: int = 800, *, orientation: int = 1) -> bytes:
    """A photo as a telephone takes it, with its time, place and camera."""
    exif = Image.Exif()
    exif[ExifTags.Base.Make], exif[ExifTags.Base.Model] = "Phone", "X1"
    exif[ExifTags.Base.Orientation] = orientation
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = "2026:03:01 09:30:00"
    exif.get_ifd(ExifTags.IFD.GPSInfo).update({1: "N", 2: (39.0, 36.0, 30.0), 3: "E", 4: (109.0, 46.0, 48.0)})
    out = io.BytesIO()
    Image.new("RGB", (width, height), "steelblue").save(out, "JPEG", exif=exif)
    return out.getvalue()


def test_a_photo_says_when_and_where() -> None:
    seen = picture(photo(), JPEG)
    assert seen is not None and (seen.width, seen.height) == (1200, 800)
    assert seen.metadata == {
        "taken": "2026-03-01 09:30:00",
        "camera": "Phone X1",
        "latitude": 39.608333,
        "longitude": 109.78,
    }


@pytest.mark.parametrize("draw", [lambda data: picture(data, JPEG).thumbnail, lambda data: public_copy(data, JPEG)])
def test_what_is_shown_has_no_metadata(draw) -> None:
    with Image.open(io.BytesIO(draw(photo(orientation=6)))) as drawn:
        assert dict(drawn.getexif()) == {} and drawn.format == "JPEG"
        assert drawn.height > drawn.width, "it is turned as the camera was"


def test_a_thumbnail_is_small_and_on_white() -> None:
    out = io.BytesIO()
    Image.new("RGBA", (3000, 1000), (0, 0, 0, 0)).save(out, "PNG")
    seen = picture(out.getvalue(), PNG)
    with Image.open(io.BytesIO(seen.thumbnail)) as small:
        assert small.size == (480, 160) and small.getpixel((5, 5)) == (255, 255, 255)


@pytest.mark.parametrize(("kind", "name"), [(GIF, "GIF"), (WEBP, "WEBP")])
def test_other_kinds_are_drawn_too(kind, name) -> None:
    out = io.BytesIO()
    Image.new("RGB", (50, 40), "red").save(out, name)
    assert (picture(out.getvalue(), kind).width, picture(out.getvalue(), kind).height) == (50, 40)


def png_of_size(width: int, height: int) -> bytes:
    """A few hundred bytes that say they are enormous."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 300)), (b"IEND", b"")]
    body = b"".join(
        struct.pack(">I", len(data)) + tag + data + struct.pack(">I", zlib.crc32(tag + data)) for tag, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize("size", [(8000, 8000), (12_000, 10_000), (60_000, 60_000)])
def test_bombs_are_refused_unread(size: tuple[int, int]) -> None:
    with pytest.raises(Invalid) as refused:
        picture(png_of_size(*size), PNG)
    assert refused.value.code == "picture_too_large"


@pytest.mark.parametrize("data", [b"\xff\xd8\xff\xe0 not a photo", photo()[:2000]])
def test_damaged_photos_are_refused(data: bytes) -> None:
    with pytest.raises(Invalid) as refused:
        picture(data, JPEG)
    assert refused.value.code == "picture_broken"


def test_damaged_metadata_does_not_matter() -> None:
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.GPSInfo).update({1: "N", 2: (1.0,), 3: "E", 4: (109.0, 46.0, 48.0)})
    out = io.BytesIO()
    Image.new("RGB", (20, 20)).save(out, "JPEG", exif=exif)
    assert picture(out.getvalue(), JPEG).metadata == {}


def test_heic_is_kept_but_not_drawn() -> None:
    assert picture(b"whatever", HEIC) is None
    with pytest.raises(Invalid) as refused:
        public_copy(b"whatever", HEIC)
    assert refused.value.code == "file_not_copied"
