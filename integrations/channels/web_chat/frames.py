"""The frames of the web chat's protocol, both ways; everything a browser sends is checked here."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from bot.reply import Reply
from ticketing.attachment_views import AttachmentView
from ticketing.attachments import MAX_FILES
from ticketing.messages import MessageView
from ticketing.models import Author

MAX_FRAME = 16 * 1024
MAX_TEXT = 2000
SESSION = re.compile(r"[A-Za-z0-9_-]{43}")
_MAX_SEQ = 2**31 - 1


class _Frame(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Hello(_Frame):
    """The first frame: who comes back, and the last sequence number they have."""

    type: Literal["hello"]
    session: Annotated[str, Field(pattern=SESSION.pattern + "$", max_length=43)] | None = None
    conversation: UUID | None = None
    after: Annotated[int, Field(ge=0, le=_MAX_SEQ)] = 0


class Say(_Frame):
    """One message of the citizen, with the id the browser gave it: words, uploaded files, or both."""

    type: Literal["say"]
    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{8,64}$")]
    text: str = ""
    attachments: Annotated[tuple[UUID, ...], Field(max_length=MAX_FILES)] = ()

    @model_validator(mode="after")
    def says_something(self) -> Self:
        """Neither words nor files is no message."""
        if not self.text and not self.attachments:
            raise ValueError("nothing is said")
        return self


class Ping(_Frame):
    """Still there."""

    type: Literal["ping"]


class Typing(_Frame):
    """The citizen is writing."""

    type: Literal["typing"]


Incoming = Annotated[Hello | Say | Ping | Typing, Field(discriminator="type")]
INCOMING: TypeAdapter[Hello | Say | Ping | Typing] = TypeAdapter(Incoming)


def dumps(frame: Mapping[str, Any]) -> str:
    """A frame as text."""
    return json.dumps(frame, ensure_ascii=False, separators=(",", ":"))


def citizen_said(
    seq: int, external_id: str, text: str, at: datetime, files: Sequence[AttachmentView] = ()
) -> dict[str, Any]:
    """The citizen's own message, stored: the browser learns its number."""
    return _message(seq, "citizen", text, at, None) | {"id": external_id} | _with(files)


def bot_said(seq: int, reply: Reply, at: datetime) -> dict[str, Any]:
    """The bot's answer."""
    shown = {
        "action": reply.action.value,
        "choices": [{"label": choice.label, "says": choice.says} for choice in reply.choices],
        "sources": [_source(vars_of(source)) for source in reply.sources],
        "ticket_no": reply.ticket_no,
        "emergency": reply.emergency,
    }
    return _message(seq, "bot", reply.text, at, shown)


def stored(message: MessageView, files: Sequence[AttachmentView] = ()) -> dict[str, Any]:
    """A message from the database."""
    shown = None
    if message.reply is not None:
        shown = {name: message.reply.get(name) for name in ("action", "choices", "ticket_no", "emergency")}
        shown["sources"] = [_source(source) for source in message.reply.get("sources", ())]
    frame = _message(message.seq, message.author.value, message.text, message.at, shown)
    return frame | {"id": message.external_id} | _with(files) if message.author == Author.CITIZEN else frame


def attached(one: AttachmentView) -> dict[str, Any]:
    """A file as the citizen's own window shows it."""
    told = {"id": str(one.id), "name": one.name, "medium": one.medium.value, "size": one.size}
    return told | {"thumbnail": one.has_thumbnail}


def _with(files: Sequence[AttachmentView]) -> dict[str, Any]:
    return {"attachments": [attached(one) for one in files]} if files else {}


def vars_of(source: Any) -> dict[str, Any]:
    """A slotted dataclass as a dictionary, without the deep copies of `asdict`."""
    return {name: getattr(source, name) for name in source.__slots__}


def _message(seq: int, author: str, text: str, at: datetime, reply: Mapping[str, Any] | None) -> dict[str, Any]:
    return {"type": "message", "seq": seq, "author": author, "text": text, "at": at.isoformat(), "reply": reply}


def _source(source: Mapping[str, Any]) -> dict[str, Any]:
    return {name: source[name] for name in ("item", "element", "title", "region", "cites", "reviewed", "overdue")}
