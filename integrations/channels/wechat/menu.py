"""The account's menu (自定义菜单): three buttons with their entries, in the words of `wechat.menu`."""

from __future__ import annotations

from typing import Any

from bot.replies import Replies

_MENU = {
    "ask": ("items", "life_events", "halls", "agents"),
    "appeal": ("report", "tickets", "supplement", "rate"),
    "service": ("person", "scope", "accessible"),
}


def menu(replies: Replies, url: str) -> dict[str, Any]:
    """The menu as WeChat takes it; pages open at the installation's own address."""
    return {
        "button": [
            {"name": replies.text(f"wechat.menu.name.{top}"), "sub_button": [_entry(replies, url, e) for e in entries]}
            for top, entries in _MENU.items()
        ]
    }


def _entry(replies: Replies, url: str, entry: str) -> dict[str, str]:
    name = replies.text(f"wechat.menu.name.{entry}")
    if replies.has(f"wechat.menu.says.{entry}"):
        return {"type": "click", "name": name, "key": entry}
    return {"type": "view", "name": name, "url": url + replies.text(f"wechat.menu.page.{entry}")}
