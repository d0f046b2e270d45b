"""The addresses Twilio calls (电话回调地址)."""

from __future__ import annotations

import structlog
from aiohttp import web

from integrations.bootstrap import HOUSE
from integrations.channels.twilio import webhook
from integrations.channels.twilio.account import ROOT, Account

log = structlog.get_logger()


def add(app: web.Application) -> None:
    """Add the webhooks; without an account they answer 404."""
    app[webhook.ACCOUNT] = Account.of(app[HOUSE].settings)
    if app[webhook.ACCOUNT] is None:
        log.info("twilio_not_configured", settings="TWILIO_ACCOUNT_SID TWILIO_AUTH_TOKEN")
    app.add_routes(
        [
            web.post(f"{ROOT}/voice", webhook.voice),
            web.post(f"{ROOT}/voice/step", webhook.step),
            web.post(f"{ROOT}/voice/wait", webhook.wait),
            web.post(f"{ROOT}/voice/leg", webhook.leg),
            web.post(f"{ROOT}/voice/recording", webhook.recording),
            web.post(f"{ROOT}/robot/step", webhook.ask),
            web.post(f"{ROOT}/status", webhook.status),
            web.post(f"{ROOT}/fallback", webhook.fallback),
            web.post(f"{ROOT}/fallback/end", webhook.fallback_end),
        ]
    )
