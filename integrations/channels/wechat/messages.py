"""WeChat's XML, both ways: a flat document of short fields, read without entities or document types."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from xml.parsers import expat

from integrations.channels.wechat import crypto
from integrations.channels.wechat.account import Account

_OPENID = re.compile(r"[A-Za-z0-9_-]{6,64}")
_NUMBER = re.compile(r"[0-9]{1,20}")
_NAME = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
_MOST_FIELDS = 60
_MAX_DEPTH = 5


class Unreadable(ValueError):
    """A body that is no message of WeChat's."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """One message or event; `kind` is its MsgType, or `event.` and the event's name in lower case."""

    openid: str
    to: str
    kind: str
    external_id: str
    fields: Mapping[str, str]

    def field(self, name: str, most: int = 500) -> str:
        """A field's text, bounded; empty where it is missing."""
        return self.fields.get(name, "").strip()[:most]


class _Reader:
    """Collects the leaves below the root; deeper ones (ScanCodeInfo …) keep their own names."""

    def __init__(self) -> None:
        self.fields: dict[str, str] = {}
        self._path: list[str] = []
        self._text: list[str] = []

    def start(self, name: str, _attributes: object) -> None:
        self._path.append(name)
        self._text.clear()
        if len(self._path) > _MAX_DEPTH or len(self.fields) > _MOST_FIELDS:
            raise Unreadable("too deep or too many fields")

    def end(self, name: str) -> None:
        self._path.pop()
        if self._path:
            self._keep(name, "".join(self._text))
        self._text.clear()

    def _keep(self, name: str, text: str) -> None:
        """A name that comes again (TemplateId of a list) gets a number: `TemplateId.2`."""
        place, numbered = 1, name
        while numbered in self.fields:
            place += 1
            numbered = f"{name}.{place}"
        self.fields[numbered] = text

    def refuse(self, *_: object) -> None:
        raise Unreadable("document types and entities are refused")


def read_fields(body: bytes) -> dict[str, str]:
    """The fields of a document; document types, entities and broken XML are refused."""
    reader, parser = _Reader(), expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = reader.start, reader.end
    parser.CharacterDataHandler = reader._text.append
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = reader.refuse
    parser.ExternalEntityRefHandler = parser.SkippedEntityHandler = reader.refuse
    try:
        parser.Parse(body, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise Unreadable(str(error)) from error
    return reader.fields


def read_message(fields: Mapping[str, str]) -> Incoming:
    """The message of a document; what it lacks to be one is refused."""
    sender, created, kind = fields.get("FromUserName", ""), fields.get("CreateTime", ""), fields.get("MsgType", "")
    if not _OPENID.fullmatch(sender) or not _NUMBER.fullmatch(created) or not _NAME.fullmatch(kind):
        raise Unreadable("sender, time or type is missing")
    to = fields.get("ToUserName", "")[:64]
    if kind == "event":
        event = fields.get("Event", "")
        if not _NAME.fullmatch(event):
            raise Unreadable("the event has no name")
        return Incoming(sender, to, f"event.{event.lower()}", f"{sender}{created}", fields)
    if not _NUMBER.fullmatch(fields.get("MsgId", "")):
        raise Unreadable("the message has no id")
    return Incoming(sender, to, kind, fields["MsgId"], fields)


def passive_reply(incoming: Incoming, text: str) -> str:
    """The text reply (被动回复) to a message."""
    return (
        f"<xml><ToUserName>{_cdata(incoming.openid)}</ToUserName>"
        f"<FromUserName>{_cdata(incoming.to)}</FromUserName><CreateTime>{int(time.time())}</CreateTime>"
        f"<MsgType><![CDATA[text]]></MsgType><Content>{_cdata(text)}</Content></xml>"
    )


def sealed_reply(account: Account, xml: str, nonce: str) -> str:
    """A reply under the current key, signed."""
    encrypted, stamp = crypto.encrypt(xml.encode(), account.keys[0], account.app_id), str(int(time.time()))
    proof = crypto.signature(account.token, stamp, nonce, encrypted)
    return (
        f"<xml><Encrypt>{_cdata(encrypted)}</Encrypt><MsgSignature>{_cdata(proof)}</MsgSignature>"
        f"<TimeStamp>{stamp}</TimeStamp><Nonce>{_cdata(nonce)}</Nonce></xml>"
    )


def _cdata(text: str) -> str:
    """Text as character data; control characters that XML cannot hold are left out."""
    kept = "".join(c for c in text if c in "\n\t" or c >= " ")
    return "<![CDATA[" + kept.replace("]]>", "]]]]><![CDATA[>") + "]]>"
