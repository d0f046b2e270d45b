"""A file is what its bytes say, whatever it is called; archives, programs, macros and markup are refused."""

from __future__ import annotations

import io
import struct
import wave
import zipfile

import pytest

from ticketing.errors import Invalid
from ticketing.file_types import file_type

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)


def zipped(*names: str, content: bytes = b"<x/>") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, content)
    return out.getvalue()


def box(brand: bytes, *compatible: bytes) -> bytes:
    body = b"ftyp" + brand + bytes(4) + b"".join(compatible)
    return struct.pack(">I", len(body) + 4) + body + bytes(64)


def wav() -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(800))
    return out.getvalue()


def stream(name: str) -> bytes:
    return OLE + (name + "\0").encode("utf-16-le")


@pytest.mark.parametrize(
    ("data", "extension"),
    [
        (b"\xff\xd8\xff\xe0" + bytes(20), "jpg"),
        (b"\x89PNG\r\n\x1a\n" + bytes(20), "png"),
        (b"GIF89a" + bytes(20), "gif"),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "webp"),
        (box(b"heic", b"mif1", b"heic"), "heic"),
        (box(b"mif1", b"heic", b"miaf"), "heic"),
        (box(b"isom", b"isom", b"mp41"), "mp4"),
        (box(b"mp42", b"mp42", b"heic"), "mp4"),
        (box(b"qt  ", b"qt  "), "mov"),
        (box(b"M4A ", b"mp42"), "m4a"),
        (wav(), "wav"),
        (b"#!AMR\n\x3c\x91", "amr"),
        (b"ID3\x04" + bytes(20), "mp3"),
        (b"\xff\xfb\x90\x64" + bytes(20), "mp3"),
        (b"%PDF-1.7\n", "pdf"),
        (zipped("[Content_Types].xml", "word/document.xml"), "docx"),
        (zipped("[Content_Types].xml", "xl/workbook.xml"), "xlsx"),
        (stream("WordDocument"), "doc"),
        (stream("Workbook"), "xls"),
        ("情况说明：路灯不亮。\r\n".encode(), "txt"),
        ("情况说明：路灯不亮。".encode("gb18030"), "txt"),
    ],
)
def test_what_a_file_is(data: bytes, extension: str) -> None:
    assert file_type(data).extension == extension


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "file_empty"),
        (zipped("photo.jpg"), "file_archive"),
        (zipped("word/document.xml"), "file_archive"),
        (b"PK\x03\x04" + bytes(30), "file_archive"),
        (b"Rar!\x1a\x07\x00", "file_archive"),
        (b"7z\xbc\xaf\x27\x1c", "file_archive"),
        (b"\x1f\x8b\x08", "file_archive"),
        (zipped("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"), "file_macros"),
        (stream("WordDocument") + "_VBA_PROJECT\0".encode("utf-16-le"), "file_macros"),
        (b"MZ\x90\x00", "file_program"),
        (b"\x7fELF\x02", "file_program"),
        (b"#!/bin/sh\nrm -rf /", "file_program"),
        (b"@echo off\r\ndel *", "file_program"),
        (b"<html><script>alert(1)</script>", "file_program"),
        (b'<?xml version="1.0"?><svg onload="x()"/>', "file_program"),
        (b"  \xe4\xbd\xa0 <ScRiPt src=//x>", "file_program"),
        (b"\x00\x01\x02\x03" * 10, "file_unknown"),
        (b"RIFF\x10\0\0\0AVI LIST", "file_unknown"),
        (box(b"zzzz", b"yyyy"), "file_unknown"),
        (OLE, "file_unknown"),
        (b"\xff\xfb\xf0\x64 no bit rate", "file_unknown"),
    ],
)
def test_what_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        file_type(data)
    assert refused.value.code == code


def test_each_kind_has_its_own_limit() -> None:
    with pytest.raises(Invalid) as refused:
        file_type(b"\xff\xd8\xff" + bytes(15 * 1024 * 1024))
    assert refused.value.code == "file_too_large" and refused.value.details["limit"] == 15
    assert file_type(box(b"isom", b"isom") + bytes(16 * 1024 * 1024)).extension == "mp4"


def test_a_zip_that_unfolds_too_far_is_refused() -> None:
    data = zipped("[Content_Types].xml", "word/document.xml")
    claimed = data.replace(struct.pack("<I", 4), struct.pack("<I", 400 * 1024 * 1024))
    with pytest.raises(Invalid) as refused:
        file_type(claimed)
    assert refused.value.code == "file_archive"
