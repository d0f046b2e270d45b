"""The WeChat Official Account (微信公众号): its webhook; late answers and announcements leave through the outbox."""

from __future__ import annotations

import structlog
from aiohttp import web

from integrations.bootstrap import HOUSE
from integrations.channels.wechat.account import Account
from integrations.channels.wechat.webhook import ACCOUNT, RUNNING, Running, greet, receive

log = structlog.get_logger()
_LAST_TURNS = 5.0


def add(app: web.Application) -> None:
    """Add the webhook; without an account it answers 404."""
    app[ACCOUNT] = Account.of(app[HOUSE].settings)
    app[RUNNING] = Running()
    if app[ACCOUNT] is None:
        log.info("wechat_not_configured", settings="WECHAT_APP_ID WECHAT_TOKEN")
    app.on_shutdown.append(_finish_turns)
    app.add_routes([web.get("/channels/wechat", greet), web.post("/channels/wechat", receive)])


async def _finish_turns(app: web.Application) -> None:
    await app[RUNNING].close(_LAST_TURNS)
