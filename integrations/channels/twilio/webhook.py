"""Twilio's requests (呼叫请求): proven, then answered once a step — the same request again gets the same document."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit
from uuid import UUID

import structlog
from aiohttp import web

from integrations.bootstrap import HOUSE, House
from integrations.channels.phone import ending, people, robot, script
from integrations.channels.phone.line import Heard, Line, Next, Stage, Talk, room_targets
from integrations.channels.phone.speech import spoken
from integrations.channels.phone.steps import Document, Hangup, Ring, Say
from integrations.channels.twilio import fields as read
from integrations.channels.twilio.account import Account
from integrations.channels.twilio.documents import twiml
from integrations.channels.twilio.line import TwilioLine
from integrations.channels.twilio.signature import prove
from integrations.consoles.words import now
from ticketing import calls
from ticketing.calls import ENDED, CallView
from ticketing.errors import Conflict, Forbidden, Invalid, NotFound

log = structlog.get_logger()
ACCOUNT: web.AppKey[Account | None] = web.AppKey("twilio_account", object)
_MAX_BODY = 64 * 1024
_LATE = timedelta(minutes=2)  # an ended call's last requests may still be on their way
_POLL, _PATIENCE = 0.1, 10.0
_URL = frozenset({"http", "https"})
Script = Callable[[Talk, Heard], Awaitable[Next]]


@dataclass(frozen=True)
class Request:
    """One proven request."""

    house: House
    account: Account
    fields: Mapping[str, str]
    proof: bytes

    @property
    def heard(self) -> Heard:
        """What it says."""
        return read.heard(self.fields)

    def talk(self, call: CallView) -> Talk:
        """The call it belongs to, for the script."""
        return Talk(self.house, _line(self.account), call, now)

    def xml(self, document: Document) -> str:
        """A document as Twilio reads it."""
        return twiml(document, self.account.voice)


def _line(account: Account) -> Line:
    return TwilioLine(account)


async def voice(request: web.Request) -> web.Response:
    """`POST …/voice`: a call comes in."""
    proven = await _proven(request)
    sid, caller = read.sid_of(proven.fields), read.caller_of(proven.fields)
    house = proven.house
    call = await house.database.writing(calls.open_call, sid, house.city.code, caller, Stage.START, now())
    if call.step == 0:
        log.info("call_came_in", call=str(call.id))
    return await _answer(proven, call, 0, script.go_on)


async def step(request: web.Request) -> web.Response:
    """`POST …/voice/step`: what the caller said or pressed."""
    proven = await _proven(request)
    call, number = await _call(proven, request), _number(request)
    return await _answer(proven, call, number, script.go_on)


async def ask(request: web.Request) -> web.Response:
    """`POST …/robot/step`: the robot's call, from the moment somebody picks up."""
    proven = await _proven(request)
    call, number = await _call(proven, request), _number(request)
    return await _answer(proven, call, number, robot.go_on)


async def wait(request: web.Request) -> web.Response:
    """`POST …/voice/wait`: what a waiting caller hears now; asked again and again, so it is not kept."""
    proven = await _proven(request)
    call = await _call(proven, request)
    await proven.house.database.writing(calls.seen, call.id, now())
    document = await people.waiting(proven.talk(call), proven.heard)
    return _xml(proven.xml(document))


async def leg(request: web.Request) -> web.Response:
    """`POST …/voice/leg`: an operator picked up."""
    proven = await _proven(request)
    call = await _call(proven, request, mine=False)
    await proven.house.database.writing(people.picked_up, call.id, now())
    proven.house.live.publish("queue")
    return _nothing()


async def recording(request: web.Request) -> web.Response:
    """`POST …/voice/recording`: where a recording is."""
    proven = await _proven(request)
    call = await _call(proven, request, mine=False)
    url = proven.heard.recording
    if urlsplit(url).scheme in _URL:
        await proven.house.database.writing(calls.record_address, call.id, url)
    return _nothing()


async def status(request: web.Request) -> web.Response:
    """`POST …/status`: how a call goes; in any order, any number of times."""
    proven = await _proven(request)
    house, said = proven.house, proven.fields.get("CallStatus", "")
    sid = read.sid_of(proven.fields)
    if "call" in request.query:
        call = await _call(proven, request, mine=False)
        await house.database.writing(robot.reported, house.city, call.id, sid, said, now())
        house.live.publish("tickets")
        return _nothing()
    if said in ENDED:
        caller = read.caller_of(proven.fields)
        call = await house.database.writing(calls.open_call, sid, house.city.code, caller, Stage.START, now())
        await house.database.writing(ending.ended, house.city, call.id, said, now())
        house.live.publish("queue")
    return _nothing()


async def fallback(request: web.Request) -> web.Response:
    """`POST …/fallback`: an answer of ours failed; a person, without database or bot."""
    proven = await _proven(request)
    house = proven.house
    log.error("call_fell_back", error=proven.fields.get("ErrorCode", "")[:10])
    targets = room_targets(house.settings.phone_operators)
    words = house.replies.text("phone.fallback" if targets else "phone.fallback_alone")
    said: Document = tuple(Say(one) for one in spoken(words))
    rung: Document = (Ring(targets, "/fallback/end", "/fallback/end"),) if targets else (Hangup(),)
    return _xml(proven.xml(said + rung))


async def fallback_end(request: web.Request) -> web.Response:
    """`POST …/fallback/end`: nothing more can be done."""
    proven = await _proven(request)
    return _xml(proven.xml((Hangup(),)))


async def _answer(proven: Request, call: CallView, number: int, compose: Script) -> web.Response:
    """The document of a step: the stored one, the one that is being composed right now, or a new one."""
    house, key = proven.house, str(number)
    if call.ended_at is not None and now() - call.ended_at > _LATE:
        raise Forbidden("request_replayed")
    if number > call.step:
        raise Conflict("call_step_unknown")
    claim = await house.database.writing(calls.claim, call.id, key, proven.proof, now())
    if claim.body is not None:
        return _xml(claim.body)
    if not claim.mine:
        return _xml(await _awaited(house, call.id, key))
    try:
        following = await compose(proven.talk(call), proven.heard)
    except BaseException:
        await house.database.writing(calls.disclaim, call.id, key)
        raise
    body = proven.xml(following.document)
    told = (call, key, body, following.stage, following.memory.model_dump(exclude_defaults=True))
    return _xml(await house.database.writing(calls.told, *told, now()))


async def _awaited(house: House, call_id: UUID, key: str) -> str:
    """What another request for the same step composes."""
    for _ in range(int(_PATIENCE / _POLL)):
        body = await house.database.reading(calls.document, call_id, key)
        if body is not None:
            return body
        await asyncio.sleep(_POLL)
    raise Conflict("call_step_unknown")


async def _proven(request: web.Request) -> Request:
    """Check everything about a request before anything of it is believed."""
    account = request.app[ACCOUNT]
    if account is None:
        raise web.HTTPNotFound
    if (request.content_length or 0) > _MAX_BODY:
        raise web.HTTPRequestEntityTooLarge(_MAX_BODY, request.content_length or 0)
    try:
        posted = await request.post()
    except ValueError as error:
        raise Invalid("message_unreadable") from error
    fields = {name: value for name, value in posted.items() if isinstance(value, str)}
    proof = prove(account, request.raw_path, fields, request.headers)
    return Request(request.app[HOUSE], account, fields, proof)


async def _call(proven: Request, request: web.Request, *, mine: bool = True) -> CallView:
    """The call the address names; `mine` when the request must come from that very call."""
    call = await proven.house.database.reading(calls.by_id, _uuid(request))
    if call is None:
        raise NotFound("call_not_found")
    if mine and call.sid is None and call.outbound:
        await proven.house.database.writing(calls.change_sid, call.id, read.sid_of(proven.fields), now())
    elif mine and call.sid != read.sid_of(proven.fields):
        raise Forbidden("request_replayed")
    return call


def _uuid(request: web.Request) -> UUID:
    try:
        return UUID(request.query.get("call", ""))
    except ValueError as error:
        raise NotFound("call_not_found") from error


def _number(request: web.Request) -> int:
    text = request.query.get("n", "")
    if not (text.isascii() and text.isdigit() and len(text) < 5):
        raise NotFound("call_not_found")
    return int(text)


def _xml(body: str) -> web.Response:
    return web.Response(text=body, content_type="text/xml")


def _nothing() -> web.Response:
    return web.Response(status=204)
