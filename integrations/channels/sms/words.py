"""The words of a text message: a purpose's template filled, or a stored message cut to what a phone takes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from string import Formatter
from typing import Any

from bot.replies import Replies
from integrations.channels.pack import Pack
from integrations.channels.sms.port import Provider, Template
from integrations.channels.wechat.words import told

REPLY = "reply"
MAX_TEXT = 600
_LINK = re.compile(r"https?://[^\s，。；、）】]{1,300}")


def template_of(purpose: str, provider: Provider, pack: Pack, replies: Replies) -> Template | None:
    """A purpose's template with this provider; None where nobody wrote it, or its carrier has none registered."""
    if not replies.has(f"sms.text.{purpose}"):
        return None
    carrier_id = pack.templates.get(purpose, {}).get(provider.name, "")
    if provider.needs_template and not carrier_id:
        return None
    return Template(purpose, pack.sign, carrier_id, blanks_of(replies, purpose))


def blanks_of(replies: Replies, purpose: str) -> tuple[str, ...]:
    """The blanks of a purpose's text in their order, each once."""
    names = (name for _, name, _, _ in Formatter().parse(replies.variants[f"sms.text.{purpose}"][0]) if name)
    return tuple(dict.fromkeys(names))


def filled(template: Template, blanks: Mapping[str, str], replies: Replies, *, links: bool) -> str:
    """The text, signed; where links are not allowed, the same matter told without them."""
    plain = f"sms.plain.{template.purpose}"
    which = plain if not links and replies.has(plain) else f"sms.text.{template.purpose}"
    text = replies.text(which, **blanks)
    if not links:
        text = _LINK.sub(replies.text("sms.link_left_out"), text)
    return replies.text("sms.signed", sign=template.sign, text=text)


def spoken(reply: Mapping[str, Any] | None, text: str, replies: Replies) -> str:
    """A message of a conversation as one text."""
    whole = told(reply, text, replies)
    return whole if len(whole) <= MAX_TEXT else whole[: MAX_TEXT - 1] + "…"
