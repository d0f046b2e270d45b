"""What a chat window needs before its first message: words, first choices and the notices (公告) that hold now."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from bot.flows.notices import words as notice_words
from integrations.bootstrap import HOUSE, House
from integrations.channels.web_chat.visitors import site_of
from integrations.consoles.words import now

FIRST = ("report", "progress", "person")
_KEPT = {"Cache-Control": "private, max-age=60"}  # a portal's visitor opens page after page


async def setup_file(request: web.Request) -> web.Response:
    """`GET /chat/setup`: for the widget; a site that is not allowed is refused here and shows no widget."""
    site_of(request)
    return web.json_response(await setup_of(request.app[HOUSE]), headers=_KEPT)


async def setup_of(house: House) -> dict[str, Any]:
    """The words by their ids, and what the words of `consult.yml` mean by “解决了” and “没解决”."""
    words = house.replies.group("web_chat")
    words["greeting"] = house.replies.text("web_chat.greeting", city=house.city.name)
    running = await house.bot.board.running(house.database, house.city.code, now())
    return {
        "words": words,
        "elements": house.replies.group("answers.elements"),
        "verdicts": [house.replies.text(f"consult.says_{one}") for one in ("solved", "unsolved")],
        "first": [{part: words[f"first.{name}.{part}"] for part in ("label", "says")} for name in FIRST],
        "notices": [notice_words(house.bot, notice) for notice in running],
    }
