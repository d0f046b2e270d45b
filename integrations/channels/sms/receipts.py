"""The carriers' receipts (状态报告) and their texts from citizens (上行短信), each in its provider's own shape.

Alibaba Cloud and Tencent Cloud sign none of these: a secret in the address stands for the proof.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog
from aiohttp import web
from sqlalchemy.orm import Session

from integrations.bootstrap import HOUSE
from integrations.channels.sms import inbound, ledger, stops
from integrations.channels.sms.port import Receipt
from integrations.consoles.words import now
from ticketing.errors import Forbidden, Invalid
from ticketing.models import SmsStatus
from ticketing.texts import mobile

log = structlog.get_logger()
_MOST = 1000
_MAX_BODY = 256 * 1024


@dataclass(frozen=True, slots=True)
class Word:
    """What a carrier says of one message."""

    message: str
    phone: str
    receipt: Receipt


def aliyun_word(row: Mapping[str, Any]) -> Word:
    """SmsReport."""
    status = SmsStatus.DELIVERED if row.get("success") is True else SmsStatus.UNDELIVERED
    receipt = Receipt(_text(row, "biz_id"), status, _text(row, "err_code"))
    return Word(_text(row, "out_id"), _text(row, "phone_number"), receipt)


def tencent_word(row: Mapping[str, Any]) -> Word:
    """短信下发状态通知."""
    status = SmsStatus.DELIVERED if row.get("report_status") == "SUCCESS" else SmsStatus.UNDELIVERED
    phone = f"+{_text(row, 'nationcode') or '86'}{_text(row, 'mobile')}"
    return Word(_text(row, "ext"), phone, Receipt(_text(row, "sid"), status, _text(row, "errmsg")))


def aliyun_text(row: Mapping[str, Any]) -> inbound.Texted:
    """SmsUp."""
    key = _text(row, "sequence_id") or f"{_text(row, 'phone_number')}{_text(row, 'send_time')}"
    return inbound.Texted(_text(row, "phone_number"), _text(row, "content", 2000), key)


def tencent_text(row: Mapping[str, Any]) -> inbound.Texted:
    """短信回复通知."""
    phone = f"+{_text(row, 'nationcode') or '86'}{_text(row, 'mobile')}"
    return inbound.Texted(phone, _text(row, "text", 2000), f"{phone}{_text(row, 'time')}")


_WORDS: Mapping[str, Callable[[Mapping[str, Any]], Word]] = {"aliyun": aliyun_word, "tencent": tencent_word}
_TEXTS: Mapping[str, Callable[[Mapping[str, Any]], inbound.Texted]] = {"aliyun": aliyun_text, "tencent": tencent_text}
_THANKS: Mapping[str, Mapping[str, Any]] = {
    "aliyun": {"code": 0, "msg": "OK"},
    "tencent": {"result": 0, "errmsg": "OK"},
}


async def receive(request: web.Request) -> web.Response:
    """`POST /channels/sms/{provider}/receipt`: one or many receipts; those that cannot be read are logged."""
    provider, rows = await _rows(request)
    heard = [_WORDS[provider](row) for row in rows]
    await request.app[HOUSE].database.writing(_keep, heard)
    request.app[HOUSE].wake()
    return web.json_response(_THANKS[provider])


async def take_texts(request: web.Request) -> web.Response:
    """`POST /channels/sms/{provider}/inbound`: texts from citizens."""
    provider, rows = await _rows(request)
    for row in rows:
        await inbound.take(request.app, _TEXTS[provider](row))
    return web.json_response(_THANKS[provider])


def _keep(session: Session, heard: list[Word]) -> None:
    for word in heard:
        keep(session, word)


def keep(session: Session, word: Word) -> None:
    """Note one receipt; a number that gets nothing is left alone for a while."""
    try:
        message_id = UUID(word.message)
    except ValueError:
        log.warning("sms_receipt_unknown", code=word.receipt.code[:40])
        return
    if not ledger.report(session, message_id, word.receipt, now()):
        return
    phone = mobile(word.phone)
    if word.receipt.status is SmsStatus.UNDELIVERED and phone is not None:
        stops.undelivered(session, phone, word.receipt.code, now())


async def _rows(request: web.Request) -> tuple[str, list[Mapping[str, Any]]]:
    """The provider and its rows, once the address's secret is right."""
    provider, secret = request.match_info["provider"], request.app[HOUSE].settings.sms_receipt_secret
    if secret is None or provider not in _WORDS:
        raise web.HTTPNotFound
    given = request.query.get("key", "")
    if not hmac.compare_digest(given.encode(), secret.get_secret_value().encode()):
        raise Forbidden("signature_wrong")
    if (request.content_length or 0) > _MAX_BODY:
        raise web.HTTPRequestEntityTooLarge(_MAX_BODY, request.content_length or 0)
    try:
        body = json.loads(await request.read())
    except ValueError as error:
        raise Invalid("message_unreadable") from error
    rows = body if isinstance(body, list) else [body]
    if len(rows) > _MOST or not all(isinstance(row, dict) for row in rows):
        raise Invalid("message_unreadable")
    return provider, rows


def _text(row: Mapping[str, Any], name: str, most: int = 100) -> str:
    value = row.get(name)
    return str(value).strip()[:most] if isinstance(value, str | int) else ""
