"""One visitor's WebSocket: says in order, answers once, replays what was missed, never loses or doubles a message.

Sequence numbers are the truth. A frame that continues the last number is sent as it is; anything else makes the
socket read the database after the last number it sent. A turn outlives its socket: its reply waits for the visitor.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import UUID
from weakref import WeakSet

import structlog
from aiohttp import WSCloseCode, WSMessage, WSMsgType, web
from prometheus_client import Counter, Gauge, Histogram
from pydantic import ValidationError
from sqlalchemy.orm import Session

from bot import dialogue
from integrations.bootstrap import HOUSE
from integrations.channels.web_chat import frames, line
from integrations.channels.web_chat.visitors import new_session, session_of, site_of
from integrations.consoles.pages import PAGES
from integrations.consoles.words import now
from integrations.limits import Buckets
from integrations.live import Subscription
from ticketing import conversations
from ticketing.attachment_views import of_messages
from ticketing.conversations import ConversationView, Inbound, MessageView
from ticketing.errors import HotlineError, Invalid, TooManyAttempts
from ticketing.models import Author

log = structlog.get_logger()
OPEN: web.AppKey[WeakSet[web.WebSocketResponse]] = web.AppKey("open_sockets", WeakSet)
TURNS: web.AppKey[set[asyncio.Task[Any]]] = web.AppKey("running_turns", set)
BUCKETS = web.AppKey("chat_buckets", Buckets)
SOCKETS = Gauge("hotline_chat_sockets", "Open chat sockets")
CHAT_TURNS = Counter("hotline_chat_turns_total", "Turns of the web chat by what they did", ["action"])
TURN_SECONDS = Histogram("hotline_chat_turn_seconds", "Seconds from a citizen's message to its reply")

CHANNEL = "web"
_HEARTBEAT = 20.0
_GOODBYE = 2.0
_HELLO_SECONDS = 10.0
_TYPING_AFTER = 0.4
_QUEUED = 20
_REPLAY = 200
_MOST_BAD_FRAMES = 10


def new_buckets() -> Buckets:
    """How fast one visitor may speak: far above any typist, far below a flood."""
    return Buckets(burst=60, per_second=20)


async def chat_socket(request: web.Request) -> web.StreamResponse:
    """`/ws/chat`."""
    site_of(request)
    socket = web.WebSocketResponse(
        timeout=_GOODBYE, heartbeat=_HEARTBEAT, max_msg_size=frames.MAX_FRAME, compress=False
    )
    await socket.prepare(request)
    request.app[OPEN].add(socket)
    with SOCKETS.track_inprogress():
        hello = await _hello(socket)
        if hello is None:
            await socket.close(code=WSCloseCode.POLICY_VIOLATION)
            return socket
        await Visit(request, socket, hello).run()
    return socket


async def _hello(socket: web.WebSocketResponse) -> frames.Hello | None:
    try:
        message = await socket.receive(_HELLO_SECONDS)
        frame = frames.INCOMING.validate_json(message.data) if message.type is WSMsgType.TEXT else None
    except (TimeoutError, ValidationError):
        return None
    return frame if isinstance(frame, frames.Hello) else None


def _resume(
    session: Session, address: str, city: str, hello: frames.Hello
) -> tuple[ConversationView, list[dict[str, Any]]] | None:
    """The visitor's running conversation and what they have not seen of it (the latest part of a long one)."""
    view = conversations.running(session, CHANNEL, address, city)
    if view is None:
        return None
    after = hello.after if hello.conversation in {None, view.id} else 0
    since = max(after, view.last_seq - _REPLAY)
    return view, _frames(session, conversations.messages_after(session, view.id, since, _REPLAY))


def _news(session: Session, conversation: UUID, after: int) -> tuple[str, list[dict[str, Any]]]:
    """Who speaks now, and what was said after a number."""
    messages = conversations.messages_after(session, conversation, after)
    return conversations.view(session, conversation).owner, _frames(session, messages)


def _frames(session: Session, messages: tuple[MessageView, ...]) -> list[dict[str, Any]]:
    """Stored messages as the browser reads them, the citizen's own with their files."""
    own = [message.id for message in messages if message.author == Author.CITIZEN]
    files = of_messages(session, own)
    return [frames.stored(message, files.get(message.id, ())) for message in messages]


class Visit:
    """One socket from its hello to its close."""

    def __init__(self, request: web.Request, socket: web.WebSocketResponse, hello: frames.Hello) -> None:
        self._app, self._socket, self._hello = request.app, socket, hello
        self._house = request.app[HOUSE]
        cookie = session_of(request)
        self._told = hello.session is None and cookie is None  # a client without cookies must be told its session
        self._address = hello.session or cookie or new_session()
        self._conversation: UUID | None = None
        self._owner = "bot"
        self._last = 0
        self._owed = False
        self._order = asyncio.Lock()
        self._says: asyncio.Queue[frames.Say | None] = asyncio.Queue()
        self._subscription: Subscription | None = None
        self._tasks: list[asyncio.Task[None]] = []

    async def run(self) -> None:
        """Welcome the visitor, then listen until the socket closes; what was said by then is still answered."""
        answering = asyncio.create_task(self._answer_in_order())
        try:
            await self._welcome()
            await self._listen()
        except ConnectionResetError:
            log.debug("visitor_left")
        finally:
            self._says.put_nowait(None)
            self._app[TURNS].add(answering)
            answering.add_done_callback(self._app[TURNS].discard)
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _welcome(self) -> None:
        found = await self._house.database.reading(_resume, self._address, self._house.city.code, self._hello)
        messages: tuple[MessageView, ...] = ()
        if found is not None:
            view, messages = found
            self._attach(view.id, resumed=True)
            self._owner, self._last = view.owner, messages[-1]["seq"] if messages else view.last_seq
        welcome = {"type": "welcome", "session": self._address if self._told else None, "owner": self._owner}
        welcome["conversation"] = str(self._conversation) if self._conversation else None
        await self._send(welcome | {"messages": messages})

    async def _listen(self) -> None:
        bad = 0
        async for message in self._socket:
            frame = self._parse(message)
            if frame is None:
                bad += 1
                if bad > _MOST_BAD_FRAMES or message.type is not WSMsgType.TEXT:
                    await self._socket.close(code=WSCloseCode.POLICY_VIOLATION)
                    return
                await self._refuse(Invalid("bad_frame"))
            elif isinstance(frame, frames.Say):
                await self._take(frame)
            elif isinstance(frame, frames.Ping):
                await self._pong()
            elif isinstance(frame, frames.Typing) and self._conversation and self._owner == "operator":
                self._house.live.publish(line.typing_topic(self._conversation))

    def _parse(self, message: WSMessage) -> frames.Hello | frames.Say | frames.Ping | frames.Typing | None:
        try:
            return frames.INCOMING.validate_json(message.data) if message.type is WSMsgType.TEXT else None
        except ValidationError:
            return None

    async def _take(self, say: frames.Say) -> None:
        """Queue a message for its turn, or say why not."""
        if len(say.text) > frames.MAX_TEXT:
            await self._refuse(Invalid("text_too_long", limit=frames.MAX_TEXT), say)
        elif self._says.qsize() >= _QUEUED or not self._app[BUCKETS].allow(self._address):
            await self._refuse(TooManyAttempts("chat_too_fast"), say)
        else:
            self._says.put_nowait(say)

    async def _pong(self) -> None:
        await self._send({"type": "pong"})
        if self._owed:
            await self._catch_up()

    async def _answer_in_order(self) -> None:
        while (say := await self._says.get()) is not None:
            with suppress(ConnectionResetError):
                await self._answer(say)

    async def _answer(self, say: frames.Say) -> None:
        at = now()
        inbound = self._inbound(say)
        typing = asyncio.get_running_loop().call_later(_TYPING_AFTER, self._typing)
        try:
            with TURN_SECONDS.time():
                result = await dialogue.turn(self._house.bot, inbound, now)
        except HotlineError as error:
            await self._refuse(error, say)
        except Exception:
            log.exception("turn_failed")  # the message is stored or will be sent again; the sweeper answers it
            self._owed = True
            await self._refuse(HotlineError("turn_failed"), say, retry=True)
        else:
            await self._show(result, say, at)
        finally:
            typing.cancel()

    def _inbound(self, say: frames.Say) -> Inbound:
        """The message with its files; without words it is stored as “so many files”."""
        city, files = self._house.city.code, [str(one) for one in say.attachments]
        if not files:
            return Inbound(CHANNEL, self._address, say.text, say.id, city)
        data = {"attachments": files, "wordless": not say.text.strip()}
        return Inbound(CHANNEL, self._address, self._words(say), say.id, city, data)

    def _words(self, say: frames.Say) -> str:
        if say.text.strip():
            return say.text
        return self._house.replies.text("attachments.shown.mixed", count=len(say.attachments))

    async def _show(self, result: dialogue.TurnResult, say: frames.Say, at: datetime) -> None:
        self._attach(result.conversation_id)
        reply = result.reply
        files = await self._house.database.reading(of_messages, [result.message_id]) if say.attachments else {}
        said = frames.citizen_said(result.seq, say.id, self._words(say), at, files.get(result.message_id, ()))
        async with self._order:
            await self._send_next(said, acknowledge=True)
            if reply is not None and result.reply_seq is not None:
                await self._send_next(frames.bot_said(result.reply_seq, reply, now()))
        await self._tell_owner(result.owner)
        self._owed = reply is None and result.owner == "bot"
        CHAT_TURNS.labels(reply.action.value if reply else "none").inc()
        self._publish(result)

    def _publish(self, result: dialogue.TurnResult) -> None:
        """Tell the visitor's other windows, and the staff's screens where something changed for them."""
        live = self._house.live
        live.publish(f"conversation:{result.conversation_id}", self._last, besides=self._subscription)
        if result.owner == "queue":
            live.publish("queue")
        if result.reply is not None and result.reply.ticket_no:
            live.publish("tickets")

    async def _send_next(self, frame: dict[str, Any], *, acknowledge: bool = False) -> None:
        """Send a message if it is the next one; fill a gap from the database; skip or acknowledge an old one."""
        seq = frame["seq"]
        if seq > self._last + 1:
            await self._send_missed()
        if seq == self._last + 1:
            self._last = seq
            await self._send(frame)
        elif acknowledge:
            await self._send(frame)

    async def _send_missed(self) -> None:
        if self._conversation is None:
            return
        owner, messages = await self._house.database.reading(_news, self._conversation, self._last)
        for message in messages:
            self._last = message["seq"]
            await self._send(message)
        if any(message["author"] != "citizen" for message in messages):
            self._owed = False
        await self._tell_owner(owner)

    async def _catch_up(self) -> None:
        async with self._order:
            await self._send_missed()

    def _attach(self, conversation: UUID, *, resumed: bool = False) -> None:
        """Follow the pushes of the conversation from now on."""
        if self._conversation is None:
            self._conversation = conversation
            self._tasks.append(asyncio.create_task(self._follow(conversation, resumed)))
            waiting = line.follow(self._house, conversation, lambda: self._owner == "queue", self._send)
            self._tasks.append(asyncio.create_task(waiting))

    async def _follow(self, conversation: UUID, resumed: bool) -> None:
        with self._house.live.subscribe(f"conversation:{conversation}") as subscription:
            self._subscription = subscription
            if resumed:  # something may have been said between reading and subscribing
                await self._catch_up()
            async for _topic, seq in subscription:
                if seq == 0 or seq > self._last:
                    with suppress(ConnectionResetError):
                        await self._catch_up()

    async def _tell_owner(self, owner: str) -> None:
        if owner != self._owner:
            self._owner = owner
            await self._send({"type": "owner", "owner": owner})

    def _typing(self) -> None:
        task = asyncio.ensure_future(self._send_typing())
        self._app[TURNS].add(task)
        task.add_done_callback(self._app[TURNS].discard)

    async def _send_typing(self) -> None:
        with suppress(ConnectionResetError):
            await self._send({"type": "typing", "on": True})

    async def _refuse(self, error: HotlineError, say: frames.Say | None = None, *, retry: bool = False) -> None:
        words = self._app[PAGES].words.error(error)
        frame: dict[str, Any] = {"type": "error", "code": error.code, "text": words}
        await self._send(frame | ({"id": say.id, "retry": retry} if say else {}))

    async def _send(self, frame: dict[str, Any]) -> None:
        if not self._socket.closed:
            await self._socket.send_str(frames.dumps(frame))
