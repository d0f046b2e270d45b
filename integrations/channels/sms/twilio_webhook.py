"""Twilio's messaging webhook: texts from citizens, and what became of ours; signed over the address and the form."""

from __future__ import annotations

from collections.abc import Mapping

import structlog
from aiohttp import web

from integrations.bootstrap import HOUSE
from integrations.channels.sms import inbound, receipts
from integrations.channels.sms.port import Receipt
from integrations.channels.sms.twilio import STATUSES
from integrations.channels.twilio.account import Account
from integrations.channels.twilio.signature import prove

log = structlog.get_logger()
_EMPTY = '<?xml version="1.0" encoding="UTF-8"?><Response/>'


async def receive(request: web.Request) -> web.Response:
    """`POST /channels/twilio/sms`: a text, or a receipt of one of ours."""
    form = await _proven(request)
    if "MessageStatus" in form:
        await request.app[HOUSE].database.writing(receipts.keep, _word(request, form))
        request.app[HOUSE].wake()
    else:
        text = form.get("Body", "")[:2000]
        answered = "OptOutType" in form
        texted = inbound.Texted(form.get("From", ""), text, form.get("MessageSid", "")[:64], answered)
        await inbound.take(request.app, texted)
    return web.Response(text=_EMPTY, content_type="text/xml")


def _word(request: web.Request, form: Mapping[str, str]) -> receipts.Word:
    status = STATUSES.get(form["MessageStatus"])
    if status is None:
        log.warning("sms_status_unknown", status=form["MessageStatus"][:40])
        status = STATUSES["sending"]
    receipt = Receipt(form.get("MessageSid", "")[:64] or None, status, form.get("ErrorCode", "")[:20])
    return receipts.Word(request.query.get("message", "")[:64], form.get("To", "")[:20], receipt)


async def _proven(request: web.Request) -> dict[str, str]:
    """The form, once the signature over our public address and its fields is right; 404 without an account."""
    account = Account.of(request.app[HOUSE].settings)
    if account is None:
        raise web.HTTPNotFound
    form = {name: str(value) for name, value in (await request.post()).items()}
    prove(account, request.path_qs, form, request.headers)
    return form
