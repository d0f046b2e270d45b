"""WeChat's deliveries (消息推送): proven, stored, answered within the five seconds WeChat waits.

WeChat asks three times in all and reads the last connection only, so the newest delivery of a message answers and the
older ones say `success`. What takes longer leaves through the outbox.
"""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog
from aiohttp import web

from bot import dialogue
from integrations.bootstrap import HOUSE, House
from integrations.channels.wechat import crypto, inbox, words
from integrations.channels.wechat.account import Account
from integrations.channels.wechat.inbox import PATIENCE, Proof
from integrations.channels.wechat.messages import (
    Incoming,
    Unreadable,
    passive_reply,
    read_fields,
    read_message,
    sealed_reply,
)
from integrations.channels.wechat.outgoing import parts_of
from integrations.consoles.words import now
from ticketing.conversations import Recorded
from ticketing.errors import Forbidden, Invalid
from ticketing.models import Owner

log = structlog.get_logger()
ACCOUNT: web.AppKey[Account | None] = web.AppKey("wechat_account", object)
PASSIVE_SECONDS = 4.5
_POLL = 0.1
_MAX_BODY = 64 * 1024
_SHORT = re.compile(r"[A-Za-z0-9]{1,64}")
_STAMP = re.compile(r"[0-9]{1,12}")
_Reply = dict[str, Any]


class Running:
    """The turns of this process by their message, and the newest delivery of each."""

    def __init__(self) -> None:
        self.turns: dict[UUID, asyncio.Task[object]] = {}
        self.newest: dict[UUID, object] = {}

    def start(self, house: House, message_id: UUID) -> None:
        """Answer a message in a task that outlives its delivery."""
        task = asyncio.create_task(_turn(house, message_id))
        self.turns[message_id] = task
        task.add_done_callback(lambda _: self.turns.pop(message_id, None))

    async def close(self, patience: float) -> None:
        """Let the turns that run come to their end."""
        if self.turns:
            await asyncio.wait(self.turns.values(), timeout=patience)


RUNNING = web.AppKey("wechat_running", Running)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One proven delivery; `nonce` is set where the reply has to be encrypted."""

    account: Account
    incoming: Incoming
    proof: Proof
    nonce: str | None


async def greet(request: web.Request) -> web.Response:
    """`GET /channels/wechat`: WeChat checks that this address is ours."""
    _proven(request, _account(request))
    return web.Response(text=request.query.get("echostr", "")[:200], content_type="text/plain")


async def receive(request: web.Request) -> web.Response:
    """`POST /channels/wechat`: one message or event."""
    until = asyncio.get_running_loop().time() + PASSIVE_SECONDS
    delivery = await _delivery(request)
    house, running = request.app[HOUSE], request.app[RUNNING]
    heard = words.heard(delivery.incoming, house.replies)
    _note(delivery.incoming)
    recorded = await house.database.writing(
        inbox.take, delivery.proof, delivery.incoming, heard, house.replies, house.city.code, now()
    )
    if recorded is None:
        return _success()
    if heard is not None and not recorded.duplicate and recorded.conversation.owner == Owner.QUEUE:
        openid = delivery.incoming.openid
        recorded = await house.database.writing(inbox.choose, house.bot, recorded, openid, heard.text, now())
    house.live.publish(f"conversation:{recorded.conversation.id}", recorded.seq)
    return await _answer(house, running, delivery, recorded, until)


async def _answer(house: House, running: Running, delivery: Delivery, recorded: Recorded, until: float) -> web.Response:
    """The reply if it comes in time and this is the delivery WeChat still listens to; else `success`."""
    message_id, mine = recorded.message_id, object()
    running.newest[message_id] = mine
    try:
        reply = recorded.reply or await _awaited(house, running, recorded, until)
        if reply is None or running.newest.get(message_id) is not mine:
            return _success()
        parts = parts_of(reply, reply["text"], house.replies)
        if not await house.database.writing(inbox.take_back, message_id, len(parts), now()):
            return _success()
        return _rendered(delivery, parts[0])
    finally:
        if running.newest.get(message_id) is mine:
            del running.newest[message_id]


async def _awaited(house: House, running: Running, recorded: Recorded, until: float) -> _Reply | None:
    """The reply as soon as it is stored, whoever computes it; None when a person answers or time is up."""
    if recorded.conversation.owner != Owner.BOT:
        return None
    if not recorded.duplicate:
        running.start(house, recorded.message_id)
    loop = asyncio.get_running_loop()
    while (left := until - loop.time()) > 0:
        turn = running.turns.get(recorded.message_id)
        if turn is not None:
            await asyncio.wait({turn}, timeout=left)
        reply = await house.database.reading(inbox.stored_reply, recorded.message_id)
        if reply is not None or (turn is not None and turn.done()):
            return reply
        await asyncio.sleep(min(_POLL, max(0.0, until - loop.time())))
    return None


async def _turn(house: House, message_id: UUID) -> None:
    try:
        await dialogue.finish(house.bot, message_id, now)
    except Exception:
        log.exception("turn_failed", message=str(message_id))  # stored and due: the sweeper answers it


async def _delivery(request: web.Request) -> Delivery:
    """Check everything about a request before anything of it is believed."""
    account = _account(request)
    stamp, nonce, signature = _proven(request, account)
    if (request.content_length or 0) > _MAX_BODY:
        raise web.HTTPRequestEntityTooLarge(_MAX_BODY, request.content_length or 0)
    try:
        body = await request.read()
        fields = read_fields(body)
        if account.keys:
            body = _opened(request, account, fields, stamp, nonce)
            fields = read_fields(body)
        incoming = read_message(fields)
    except Unreadable as error:
        log.warning("wechat_unreadable", error=str(error))
        raise Invalid("message_unreadable") from error
    return Delivery(account, incoming, Proof.of(stamp, nonce, signature, body), nonce if account.keys else None)


def _proven(request: web.Request, account: Account) -> tuple[str, str, str]:
    """The time, nonce and signature of a request that WeChat made just now."""
    stamp, nonce, signature = (request.query.get(name, "") for name in ("timestamp", "nonce", "signature"))
    well_formed = _STAMP.fullmatch(stamp) and _SHORT.fullmatch(nonce) and _SHORT.fullmatch(signature)
    if not well_formed or not crypto.is_signed(signature, account.token, stamp, nonce):
        raise Forbidden("signature_wrong")
    if abs(time.time() - int(stamp)) > PATIENCE.total_seconds():
        raise Forbidden("request_stale")
    return stamp, nonce, signature


def _opened(request: web.Request, account: Account, fields: dict[str, str], stamp: str, nonce: str) -> bytes:
    """The message of an encrypted body; with a key, the plain fields of the compatible mode are not believed."""
    encrypted, given = fields.get("Encrypt", ""), request.query.get("msg_signature", "")
    if not _SHORT.fullmatch(given) or not crypto.is_signed(given, account.token, stamp, nonce, encrypted):
        raise Forbidden("signature_wrong")
    try:
        return crypto.decrypt(encrypted, account.keys, account.app_id)
    except crypto.Undecipherable as error:
        log.warning("wechat_undecipherable", error=str(error))
        raise Forbidden("signature_wrong") from error


def _account(request: web.Request) -> Account:
    account = request.app[ACCOUNT]
    if account is None:
        raise web.HTTPNotFound
    return account


def _note(incoming: Incoming) -> None:
    if incoming.kind == "event.templatesendjobfinish":
        log.info("wechat_template_sent", status=incoming.field("Status", 60), message=incoming.field("MsgID", 20))
    else:
        log.info("wechat_received", kind=incoming.kind)


def _rendered(delivery: Delivery, text: str) -> web.Response:
    xml = passive_reply(delivery.incoming, text)
    if delivery.nonce is not None:
        xml = sealed_reply(delivery.account, xml, delivery.nonce)
    return web.Response(text=xml, content_type="application/xml")


def _success() -> web.Response:
    return web.Response(text="success", content_type="text/plain")
