"""The chat's page; it works from the first byte, the script adds the conversation."""

from __future__ import annotations

import secrets

from aiohttp import web

from bot.flows.notices import words as notice_words
from integrations.bootstrap import HOUSE
from integrations.channels.web_chat.frames import SESSION
from integrations.consoles.pages import PAGES, render
from integrations.consoles.words import now

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
    house = request.app[HOUSE]
    running = await house.bot.board.running(house.database, house.city.code, now())
    notices = [notice_words(house.bot, notice) for notice in running]
    labels = {"elements": words.replies.group("answers.elements")}
    response = render(request, "chat.html", labels=labels, notices=notices)
    token = session_of(request) or new_session()
    secure = request.app[PAGES].url.startswith("https:")
    response.set_cookie(COOKIE, token, max_age=_KEPT, httponly=True, samesite="Lax", secure=secure, path="/")
    return response
