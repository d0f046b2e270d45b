"""The chat's page; it works from the first byte, the script adds the conversation."""

from __future__ import annotations

from aiohttp import web

from integrations.bootstrap import HOUSE
from integrations.channels.web_chat.setup import setup_of
from integrations.channels.web_chat.visitors import COOKIE, cookie_session, new_session
from integrations.consoles.pages import PAGES, render

_KEPT = 7 * 24 * 3600


async def chat_page(request: web.Request) -> web.Response:
    """`/`: the chat."""
    response = render(request, "chat.html", setup=await setup_of(request.app[HOUSE]))
    token = cookie_session(request) or new_session()
    secure = request.app[PAGES].url.startswith("https:")
    response.set_cookie(COOKIE, token, max_age=_KEPT, httponly=True, samesite="Lax", secure=secure, path="/")
    return response
