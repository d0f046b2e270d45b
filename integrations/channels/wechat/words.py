"""What WeChat shows (微信文本): a message heard as words, a reply written as words, cut to what WeChat carries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.replies import Replies
from integrations.channels.wechat.messages import Incoming

MAX_BYTES = 2048
MOST_PARTS = 5
_PUNCTUATION = "\n。；！？，、 "
_MAX_SAID = 2000


@dataclass(frozen=True, slots=True)
class Heard:
    """A message as the conversation stores it; `answer` is the id of the fixed reply where words are missing."""

    text: str
    answer: str | None = None
    data: Mapping[str, str] = field(default_factory=dict)


def heard(incoming: Incoming, replies: Replies) -> Heard | None:
    """What the citizen said by a message or event; None where nothing is to be said back."""
    kind, of = incoming.kind, incoming.field
    if kind == "text":
        return Heard(of("Content", _MAX_SAID))
    if kind == "voice" and (said := of("Recognition", _MAX_SAID)):
        return Heard(said, data={"kind": kind, "media_id": of("MediaId")})
    if kind == "location":
        place = of("Label") or f"{of('Location_X', 20)},{of('Location_Y', 20)}"
        return Heard(place, data={"kind": kind, "latitude": of("Location_X", 20), "longitude": of("Location_Y", 20)})
    if kind == "link":
        title = "\n".join(part for part in (of("Title"), of("Description", 1000)) if part)
        return Heard(title or of("Url", 1000), data={"kind": kind, "url": of("Url", 1000)})
    if kind.startswith("event."):
        return _event(incoming, replies)
    shown = kind if replies.has(f"wechat.shown.{kind}") else "other"
    media = {"kind": kind, "media_id": of("MediaId"), "url": of("PicUrl", 1000)}
    return Heard(replies.text(f"wechat.shown.{shown}"), f"wechat.got.{shown}", media)


def _event(incoming: Incoming, replies: Replies) -> Heard | None:
    key = incoming.field("EventKey", 64)
    if incoming.kind == "event.click" and replies.has(f"wechat.menu.says.{key}"):
        return Heard(replies.text(f"wechat.menu.says.{key}"), data={"kind": "click", "key": key})
    if incoming.kind in {"event.subscribe", "event.scan"}:
        name = incoming.kind.removeprefix("event.")
        return Heard(replies.text(f"wechat.shown.{name}"), "wechat.welcome", {"kind": name, "key": key})
    return None


def told(reply: Mapping[str, object] | None, text: str, replies: Replies) -> str:
    """A reply as text: its words, where they come from, and what can be answered by a number."""
    if reply is None:
        return text
    lines = [text]
    cites = dict.fromkeys(str(source["cites"]) for source in _dicts(reply, "sources") if source.get("cites"))
    if cites:
        lines.append(replies.text("wechat.cites", cites="；".join(list(cites)[:3])))
    shown = answerable(reply)
    if shown:
        lines += [replies.text("wechat.choose"), *(f"{n}. {choice['label']}" for n, choice in enumerate(shown, 1))]
    return "\n".join(lines)


def answerable(reply: Mapping[str, object] | None) -> list[Mapping[str, str]]:
    """The choices that can be said back; a telephone link cannot."""
    return [c for c in _dicts(reply, "choices") if not c["says"].startswith("tel:")][:9] if reply else []


def _dicts(reply: Mapping[str, object], name: str) -> Sequence[Mapping[str, str]]:
    values = reply.get(name)
    return values if isinstance(values, list | tuple) else ()


def split(text: str, limit: int = MAX_BYTES) -> tuple[str, ...]:
    """The text in parts of at most `limit` bytes, cut after a sentence where there is one; no character is torn."""
    parts: list[str] = []
    while len(text.encode()) > limit:
        head = text.encode()[:limit].decode(errors="ignore")
        cut = next((at for at in map(head.rfind, _PUNCTUATION) if at > len(head) // 2), len(head) - 1) + 1
        parts.append(head[:cut].rstrip("\n "))
        text = text[cut:].lstrip("\n ")
    return tuple(part for part in (*parts, text) if part)
