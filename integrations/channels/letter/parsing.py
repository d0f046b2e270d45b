"""A letter read with suspicion (邮件解析): bounded in size, parts and depth; odd charsets are no error."""

from __future__ import annotations

import email
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import policy
from email.errors import MessageError
from email.header import decode_header
from email.message import Message
from email.utils import getaddresses

from integrations.channels.letter import markup, winmail
from integrations.channels.letter.trimming import own_words

MAX_RAW = 25 * 1024 * 1024
_MAX_HEADER, _MAX_PARTS, _MAX_DEPTH, _MAX_FILES, _MAX_TEXT = 10_000, 100, 8, 20, 200_000
_MAX_HEAD = 200_000
_DECORATION = 8 * 1024  # a picture in the text so small is part of a signature
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,8}")
_TROUBLE = (MessageError, ValueError, LookupError, AttributeError, TypeError, AssertionError)  # all seen in its readers
_MESSAGE_ID = re.compile(r"<[^<>\s]{1,250}>")
_TEXT_CODECS = re.compile(
    r"utf-?8|utf-16(?:[bl]e)?|gb.{0,12}|big5.{0,6}|iso-?8859-\d{1,2}|windows-125\d|cp\d{3,4}|hz.{0,8}|us-ascii|iso-2022-.{1,6}|shift_jis|euc-.{2}|koi8-."
)
_CHINESE = {"gb2312": "gb18030", "gbk": "gb18030", "gb_2312-80": "gb18030", "cp936": "gb18030", "us-ascii": "utf-8"}


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A file of a letter."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Parsed:
    """A letter as it can be used: `text` is the writer's own words, `whole` all there were."""

    address: str
    name: str
    subject: str
    text: str
    whole: str
    message_id: str
    references: tuple[str, ...]
    enclosures: tuple[Enclosure, ...]
    dropped: int
    message: Message = field(repr=False)


@dataclass
class _Found:
    """What the parts gave so far."""

    texts: list[str] = field(default_factory=list)
    files: list[Enclosure] = field(default_factory=list)
    dropped: int = 0
    parts: int = 0

    def add(self, name: str, data: bytes) -> None:
        """One more file, within the limit."""
        if len(self.files) >= _MAX_FILES:
            self.dropped += 1
        elif data:
            self.files.append(Enclosure(name[:200] or "file", data))


def parse(raw: bytes) -> Parsed:
    """Read a letter; what cannot be read is left out, never guessed at."""
    message, found = _opened(raw)
    subject = header(message, "Subject")[:300]
    whole = "\n\n".join(text for text in found.texts if text.strip())[:_MAX_TEXT]
    name, address = sender(message)
    return Parsed(
        address,
        name,
        subject,
        own_words(whole, subject),
        whole,
        message_id(message),
        references(message),
        tuple(found.files),
        found.dropped,
        message,
    )


def head_of(raw: bytes) -> Message:
    """The head alone, read so that nothing in it can fail."""
    return email.message_from_bytes(_head(raw), policy=policy.compat32)


def _opened(raw: bytes) -> tuple[Message, _Found]:
    """The message and its parts; the old reader takes what the new one stumbles over, and the head is always there."""
    for reader in (policy.default, policy.compat32):
        found = _Found()
        try:
            message: Message = email.message_from_bytes(raw[:MAX_RAW], policy=reader)
            _take(message, found, 0)
        except (*_TROUBLE, RecursionError):
            continue
        return message, found
    return head_of(raw), _Found(dropped=1)


def _head(raw: bytes) -> bytes:
    head = raw[:_MAX_HEAD].replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    return head + b"\n\n"


def header(message: Message, name: str) -> str:
    """A header's words on one line; the first where there are several, empty where there is none."""
    return next(iter(headers(message, name)), "")


def headers(message: Message, name: str) -> Iterator[str]:
    """All headers of a name, decoded without trust; the library's own reading of headers can be made to fail."""
    for given, value in message.raw_items():
        if given.lower() == name.lower():
            yield _one_line(str(value)[:_MAX_HEADER])


def _one_line(value: str) -> str:
    try:
        pieces = decode_header(value)
    except (MessageError, ValueError):
        pieces = [(value, None)]
    words = "".join(
        decoded(piece if isinstance(piece, bytes) else piece.encode("utf-8", "surrogateescape"), charset)
        for piece, charset in pieces
    )
    return " ".join("".join(c if c.isprintable() else " " for c in words).split())


def decoded(data: bytes, charset: str | None) -> str:
    """Bytes as words: what is declared if it fits, else UTF-8, else the national standard (GB 18030)."""
    declared = (charset or "").strip().lower()
    declared = _CHINESE.get(declared, declared)
    for codec in (declared, "utf-8", "gb18030"):
        if not codec or not _TEXT_CODECS.fullmatch(codec):
            continue
        try:
            return data.decode(codec).replace("\0", "")
        except (UnicodeDecodeError, LookupError):
            continue
    return data.decode("utf-8", "replace").replace("\0", "")


def sender(message: Message) -> tuple[str, str]:
    """The writer's name and address; the address is empty where there is none to answer to."""
    for value in headers(message, "From"):
        for name, address in getaddresses([value[:1000]]):
            if len(address) <= 200 and _ADDRESS.fullmatch(address):
                return name[:100], address.lower()
    return "", ""


def message_id(message: Message) -> str:
    """The letter's Message-ID; empty where it has none."""
    found = _MESSAGE_ID.search(header(message, "Message-ID"))
    return found.group() if found else ""


def references(message: Message) -> tuple[str, ...]:
    """The letters that this one answers, the nearest first."""
    nearest = _MESSAGE_ID.findall(header(message, "In-Reply-To"))
    thread = _MESSAGE_ID.findall(header(message, "References"))[::-1]
    return tuple(dict.fromkeys([*nearest, *thread]))[:30]


def content_hash(raw: bytes) -> str:
    """The hash of what is below the head: the same letter has the same on every way it came."""
    at = min((i for i in (raw.find(b"\r\n\r\n"), raw.find(b"\n\n")) if i >= 0), default=0)
    return hashlib.sha256(raw[at:].strip()).hexdigest()


def _take(part: Message, found: _Found, depth: int) -> None:
    found.parts += 1
    if found.parts > _MAX_PARTS or depth > _MAX_DEPTH:
        found.dropped += 1
        return
    kind = part.get_content_type()
    if part.is_multipart():
        inner = [one for one in part.get_payload() if isinstance(one, Message)]
        if kind == "message/rfc822" and inner:
            _forwarded(inner[0], found, depth)
        elif kind == "multipart/alternative":
            _best(inner, found, depth)
        else:
            for one in inner:
                _take(one, found, depth + 1)
        return
    _leaf(part, kind, found)


def _forwarded(inner: Message, found: _Found, depth: int) -> None:
    """A letter in a letter: its subject and its words are told, its files taken."""
    found.texts.append(header(inner, "Subject")[:300])
    _take(inner, found, depth + 1)


def _best(versions: list[Message], found: _Found, depth: int) -> None:
    """One of several versions of the same words: the plain one, where there is anything in it."""
    before = len(found.texts)
    plain = [one for one in versions if one.get_content_type() == "text/plain"]
    for one in [*plain, *(other for other in versions if other not in plain)]:
        is_text = one.get_content_maintype() in {"text", "multipart"}
        if is_text and any(text.strip() for text in found.texts[before:]):
            continue
        _take(one, found, depth + 1)


def _leaf(part: Message, kind: str, found: _Found) -> None:
    data = _bytes_of(part)
    name = _file_name(part)
    if kind in winmail.TYPES or name.lower() in winmail.NAMES:
        _unpack(data, name, found)
        return
    attached = "attachment" in header(part, "Content-Disposition").lower()[:40]
    if kind in {"text/plain", "text/html"} and not attached and not name:
        charset = part.get_param("charset")
        text = decoded(data[: 4 * _MAX_TEXT], charset if isinstance(charset, str) else None)
        found.texts.append(markup.plain(text) if kind == "text/html" else text)
    elif not (header(part, "Content-ID") and len(data) < _DECORATION) and kind != "text/calendar":
        found.add(name, data)


def _unpack(data: bytes, name: str, found: _Found) -> None:
    inside = winmail.opened(data)
    if inside is None:
        found.add(name, data)
        return
    if inside.text and not any(text.strip() for text in found.texts):
        found.texts.append(decoded(inside.text, None))
    for given, content in inside.files:
        found.add(decoded(given, None), content)


def _bytes_of(part: Message) -> bytes:
    try:
        payload = part.get_payload(decode=True)
    except _TROUBLE:
        return b""
    return payload if isinstance(payload, bytes) else b""


def _file_name(part: Message) -> str:
    try:
        name = part.get_filename()
    except _TROUBLE:
        return "file"
    return _one_line(str(name)[:1000])[:200] if name else ""
