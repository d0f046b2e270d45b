"""Text messages (短信): a port with four providers, the carriers' receipts, texts from citizens."""

from __future__ import annotations

import structlog
from aiohttp import web

from integrations.bootstrap import HOUSE
from integrations.channels.sms import inbound, receipts, twilio_webhook
from integrations.channels.sms.providers import TWILIO_RECEIPTS, provider_of

log = structlog.get_logger()


def add(app: web.Application) -> None:
    """Add the webhooks; those of a provider that is not set up answer 404."""
    app[inbound.TURNS] = set()
    app.on_shutdown.append(inbound.finish_turns)
    log.info("sms_provider", provider=provider_of(app[HOUSE].settings).name)
    app.add_routes(
        [
            web.post(TWILIO_RECEIPTS, twilio_webhook.receive),
            web.post("/channels/sms/{provider}/receipt", receipts.receive),
            web.post("/channels/sms/{provider}/inbound", receipts.take_texts),
        ]
    )
