"""What a file is (文件类型), read from its bytes and never from its name or what the sender says it is — pure."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass

from ticketing.errors import Invalid
from ticketing.models import Medium

_MB = 1024 * 1024
LARGEST = {Medium.IMAGE: 15 * _MB, Medium.AUDIO: 20 * _MB, Medium.VIDEO: 50 * _MB, Medium.DOCUMENT: 20 * _MB}
MAX_FILE = max(LARGEST.values())
_MAX_PARTS = 2000
_MAX_INFLATED = 300 * _MB
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ARCHIVES = (b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c", b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd", b"MSCF")
_PROGRAMS = (b"MZ", b"\x7fELF", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe", b"\x00asm", b"#!", b"dex\n")
_MARKUP = re.compile(rb"<\s*(?:!doctype|html|script|svg|\?php|\?xml|%|iframe|body|head)", re.IGNORECASE)
_SCRIPT = re.compile(r"^\s*(?:@echo off|powershell|function\s*\w*\(|import os|<\?)", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")
_HEIC = frozenset(b"heic heix heim heis hevc hevx mif1 msf1".split())
_VIDEO = frozenset(b"isom iso2 iso4 iso5 iso6 mp41 mp42 avc1 MSNV 3gp4 3gp5 3gp6".split()) | {b"M4V "}


@dataclass(frozen=True, slots=True)
class FileType:
    """One kind of file the house takes."""

    medium: Medium
    media_type: str
    extension: str


JPEG = FileType(Medium.IMAGE, "image/jpeg", "jpg")
PNG = FileType(Medium.IMAGE, "image/png", "png")
GIF = FileType(Medium.IMAGE, "image/gif", "gif")
WEBP = FileType(Medium.IMAGE, "image/webp", "webp")
HEIC = FileType(Medium.IMAGE, "image/heic", "heic")
AMR = FileType(Medium.AUDIO, "audio/amr", "amr")
MP3 = FileType(Medium.AUDIO, "audio/mpeg", "mp3")
WAV = FileType(Medium.AUDIO, "audio/wav", "wav")
M4A = FileType(Medium.AUDIO, "audio/mp4", "m4a")
MP4 = FileType(Medium.VIDEO, "video/mp4", "mp4")
MOV = FileType(Medium.VIDEO, "video/quicktime", "mov")
PDF = FileType(Medium.DOCUMENT, "application/pdf", "pdf")
DOCX = FileType(Medium.DOCUMENT, "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx")
XLSX = FileType(Medium.DOCUMENT, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx")
DOC = FileType(Medium.DOCUMENT, "application/msword", "doc")
XLS = FileType(Medium.DOCUMENT, "application/vnd.ms-excel", "xls")
TXT = FileType(Medium.DOCUMENT, "text/plain", "txt")

_STARTS = (
    (b"\xff\xd8\xff", JPEG),
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"GIF87a", GIF),
    (b"GIF89a", GIF),
    (b"#!AMR\n", AMR),
    (b"#!AMR-WB\n", AMR),
    (b"ID3", MP3),
    (b"%PDF-1.", PDF),
    (b"%PDF-2.", PDF),
)
_OFFICE = (("word/document.xml", DOCX), ("xl/workbook.xml", XLSX))


def file_type(data: bytes) -> FileType:
    """The type of a file the house takes, within its size; anything else is refused with a reason."""
    if not data:
        raise Invalid("file_empty")
    found = _recognised(data)
    limit = LARGEST[found.medium]
    if len(data) > limit:
        raise Invalid("file_too_large", limit=limit // _MB)
    return found


def _recognised(data: bytes) -> FileType:
    for start, known in _STARTS:
        if data.startswith(start):
            return known
    if data[:4] == b"RIFF":
        return _riff(data)
    if data[4:8] == b"ftyp":
        return _boxed(data[8:12], data[16 : 8 + min(int.from_bytes(data[:4]), 128)])
    if data.startswith(b"PK"):
        return _zipped(data)
    if data.startswith(_OLE):
        return _compound(data)
    if data.startswith(_ARCHIVES) or data[257:262] == b"ustar":
        raise Invalid("file_archive")
    if data.startswith(_PROGRAMS):
        raise Invalid("file_program")
    return MP3 if _is_mp3(data) else _plain(data)


def _riff(data: bytes) -> FileType:
    match data[8:12]:
        case b"WEBP":
            return WEBP
        case b"WAVE":
            return WAV
    raise Invalid("file_unknown")


def _boxed(brand: bytes, compatible: bytes) -> FileType:
    """ISO media files by their brand; a general brand is a video unless its compatible brands say HEIC."""
    if brand == b"qt  ":
        return MOV
    if brand in {b"M4A ", b"M4B "}:
        return M4A
    brands = {brand} | {compatible[at : at + 4] for at in range(0, len(compatible), 4)}
    if brand in _HEIC or (brand not in _VIDEO and brands & _HEIC):
        return HEIC
    if brands & _VIDEO:
        return MP4
    raise Invalid("file_unknown")


def _zipped(data: bytes) -> FileType:
    """A Word or Excel document without macros; any other archive is refused, whatever it is called."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise Invalid("file_archive") from error
    names = {part.filename for part in parts}
    if len(parts) > _MAX_PARTS or sum(part.file_size for part in parts) > _MAX_INFLATED:
        raise Invalid("file_archive")
    if any(name.lower().endswith(("vbaproject.bin", ".exe", ".js", ".vbs")) for name in names):
        raise Invalid("file_macros")
    for name, known in _OFFICE:
        if name in names and "[Content_Types].xml" in names:
            return known
    raise Invalid("file_archive")


def _compound(data: bytes) -> FileType:
    """The older Word and Excel files, by the names of their streams."""
    if _stream(data, "_VBA_PROJECT") or _stream(data, "Macros"):
        raise Invalid("file_macros")
    if _stream(data, "WordDocument"):
        return DOC
    if _stream(data, "Workbook") or _stream(data, "Book"):
        return XLS
    raise Invalid("file_unknown")


def _stream(data: bytes, name: str) -> bool:
    return (name + "\0").encode("utf-16-le") in data


def _is_mp3(data: bytes) -> bool:
    """A frame header of layer III with a bit rate and a sampling rate that exist."""
    if len(data) < 4 or data[0] != 0xFF or data[1] & 0xE6 != 0xE2 or data[1] & 0x18 == 0x08:
        return False
    return data[2] >> 4 not in {0, 15} and data[2] & 0x0C != 0x0C


def _plain(data: bytes) -> FileType:
    """A text in UTF-8 or GB 18030 that is neither markup nor a script."""
    if _MARKUP.search(data[:2048]):
        raise Invalid("file_program")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if _CONTROL.search(text):
            break
        if _SCRIPT.match(text):
            raise Invalid("file_program")
        return TXT
    raise Invalid("file_unknown")
