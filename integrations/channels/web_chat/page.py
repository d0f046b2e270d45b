"""The chat's page; it works from the first byte, the script adds the conversation."""

from __future__ import annotations

import secrets

from aiohttp import web

from integrations.channels.web_chat.frames import SESSION
from integrations.consoles.pages import PAGES, render

COOKIE = "chat_session"
_KEPT = 7 * 24 * 3600


def session_of(request: web.Request) -> str | None:
    """The visitor's session from the cookie, if it is one of ours by its form."""
    token = request.cookies.get(COOKIE, "")
    return token if SESSION.fullmatch(token) else None


def new_session() -> str:
    """A fresh session: 32 random bytes, known to nobody else."""
    return secrets.token_urlsafe(32)


async def chat_page(request: web.Request) -> web.Response:
    """`/`: the chat."""
    words = request.app[PAGES].words
    response = render(request, "chat.html", labels={"elements": words.replies.group("answers.elements")})
    token = session_of(request) or new_session()
    secure = request.app[PAGES].url.startswith("https:")
    response.set_cookie(COOKIE, token, max_age=_KEPT, httponly=True, samesite="Lax", secure=secure, path="/")
    return response
