"""The web chat (在线诉求): its page, its widget for other sites, and the WebSocket of both."""

from __future__ import annotations

import asyncio
from weakref import WeakSet

from aiohttp import WSCloseCode, web

from integrations.channels.web_chat import uploads, widget
from integrations.channels.web_chat.page import chat_page
from integrations.channels.web_chat.setup import setup_file
from integrations.channels.web_chat.socket import BUCKETS, OPEN, TURNS, chat_socket, new_buckets
from integrations.channels.web_chat.visitors import preflight, share

_LAST_TURNS = 5.0
_FILE = r"/chat/attachments/{id:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}}"


def add(app: web.Application) -> None:
    """Add page, widget and socket to the application."""
    app[OPEN] = WeakSet()
    app[TURNS] = set()
    app[BUCKETS] = new_buckets()
    app[uploads.UPLOADS] = uploads.new_buckets()
    app[uploads.UPLOADS_FROM] = uploads.new_place_buckets()
    app.on_shutdown.append(_say_goodbye)
    app.on_response_prepare.append(share)
    widget.add(app)
    app.add_routes(
        [
            web.get("/", chat_page),
            web.get("/ws/chat", chat_socket),
            web.post("/chat/attachments", uploads.upload),
            web.get(_FILE, uploads.whole),
            web.get(f"{_FILE}/thumbnail", uploads.small),
            web.get("/chat/setup", setup_file),
            *(web.options(path, preflight) for path in ("/chat/attachments", _FILE, f"{_FILE}/thumbnail")),
        ]
    )


async def _say_goodbye(app: web.Application) -> None:
    """Close every socket (browsers come back by themselves) and let the turns that run come to their end."""
    await asyncio.gather(*(socket.close(code=WSCloseCode.GOING_AWAY) for socket in tuple(app[OPEN])))
    await asyncio.sleep(0)  # each visit hands over what it still answers
    if app[TURNS]:
        await asyncio.wait(app[TURNS], timeout=_LAST_TURNS)
