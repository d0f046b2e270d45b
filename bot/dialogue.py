"""One turn (一轮对话), start to end: store what was said, understand it, let one flow decide, store one reply.

No thread and no transaction is held while the language model is asked. What was said is stored first, so a turn that
dies is finished by the sweeper; a reply computed on an older state is thrown away and computed again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID
from weakref import WeakValueDictionary

from sqlalchemy.orm import Session

from bot.bot import Bot
from bot.choose import decide
from bot.flows import echoing, handoff, waiting
from bot.flows.turn import Outcome, Turn
from bot.leaning import informed
from bot.nlu import Parse
from bot.openings import Opening
from bot.reply import Reply
from bot.signals import learning
from bot.state import State
from bot.triage import MESSAGE_CAP, MESSAGE_LIMIT, Finding, Heard, hear
from routing.language.redaction import redact
from ticketing.conversations import Inbound, PendingTurn, Recorded, finish_turn, load_turn, record
from ticketing.errors import HotlineError, Stale
from ticketing.models import Owner

__all__ = ["Bot", "TurnResult", "finish", "turn"]

Clock = Callable[[], datetime]
Answered = tuple[Reply | None, Owner, int | None]  # the reply, who speaks now, and the reply's place
_TRIES = 3
_PAUSE = 0.05
_NOTHING = Parse(None, 0.0, (), (), "stand_in")
_log = logging.getLogger(__name__)
_locks: WeakValueDictionary[UUID, asyncio.Lock] = WeakValueDictionary()


@dataclass(frozen=True, slots=True)
class TurnResult:
    """What became of a message; `reply` is None when a person has the conversation or the sweeper will answer.

    `reply_seq` is the reply's place in the conversation, None for a stored reply told again.
    """

    conversation_id: UUID
    message_id: UUID
    seq: int
    reply: Reply | None
    owner: str
    duplicate: bool
    reply_seq: int | None = None


class _TakenOver(Exception):
    """A person took the conversation while the turn was computed: whatever it registered is rolled back."""


async def turn(bot: Bot, inbound: Inbound, now: Clock) -> TurnResult:
    """Store a message and answer it; a doubled delivery gets the stored reply."""
    inbound = replace(inbound, text=inbound.text[:MESSAGE_LIMIT])
    recorded = await bot.database.writing(record, inbound, now())
    owner = recorded.conversation.owner
    if recorded.duplicate:
        stored = Reply.from_json(recorded.reply) if recorded.reply else None
        return _result(recorded, stored, owner)
    if owner == Owner.QUEUE:
        recorded = await bot.database.writing(waiting.choose, bot, recorded, inbound, now())
        owner = recorded.conversation.owner
    if recorded.reply is not None:
        told = _result(recorded, Reply.from_json(recorded.reply), owner)
        return replace(told, reply_seq=recorded.conversation.last_seq)
    if owner != Owner.BOT:
        return _result(recorded, None, owner)
    data = dict(inbound.data)
    pending = PendingTurn(recorded.conversation, recorded.message_id, recorded.seq, inbound.text, data, due=True)
    reply, owner, reply_seq = await _in_order(bot, pending, now)
    return replace(_result(recorded, reply, owner), reply_seq=reply_seq)


async def finish(bot: Bot, message_id: UUID, now: Clock) -> Reply | None:
    """Answer a stored message whose turn died (the sweeper's entry); None when there is nothing left to answer."""
    pending = await bot.database.reading(load_turn, message_id)
    return (await _in_order(bot, pending, now))[0]


async def _in_order(bot: Bot, pending: PendingTurn, now: Clock) -> Answered:
    """The messages of one conversation one after the other: a lock in this process, the row's version across them."""
    lock = _locks.setdefault(pending.conversation.id, asyncio.Lock())
    for attempt in range(_TRIES):
        waited = lock.locked() or attempt > 0
        async with lock:
            if waited:
                pending = await bot.database.reading(load_turn, pending.message_id)
            if not pending.due:
                return None, pending.conversation.owner, None
            try:
                return await _answer(bot, pending, now)
            except Stale:
                _log.info("turn %s is computed again", pending.message_id)
        await asyncio.sleep(_PAUSE * (attempt + 1))
    _log.warning("message %s is left to the sweeper", pending.message_id)
    return None, Owner.BOT, None


async def _answer(bot: Bot, pending: PendingTurn, now: Clock) -> Answered:
    """Normalise → triage → language model on redacted words → linking and the flow → one stored reply."""
    at = now()
    message = await _listen(bot, pending, at)
    message = replace(message, notices=await bot.board.running(bot.database, bot.city.code, at))
    if _worth_parsing(message):
        message = replace(message, parse=_informed(message, await bot.nlu.parse(message.redacted)))
        message = replace(message, parts=await _parts(bot, message))
    outcome = await echoing.told(bot, message, await _decide(bot, message))
    try:
        return await bot.database.writing(_store, pending, message, outcome, now())
    except _TakenOver:
        return None, Owner.QUEUE, None
    except Stale:
        raise
    except HotlineError:
        # What the flow wanted to register was refused; nothing of it is kept, and the citizen is told so.
        _log.exception("the flow's step on message %s was refused", message.message_id)
        return await bot.database.writing(_store, pending, message, handoff.failed(bot, message), now())


async def _parts(bot: Bot, message: Turn) -> tuple[Turn, ...]:
    """The matters of a message that may hold several, each parsed for itself; none while a form is open."""
    if message.state.flow is not None:
        return ()
    texts = bot.matters.split(message.text, bot.knowledge.current.linker.lexicon)
    if len(texts) < 2:
        return ()
    parses = await asyncio.gather(*(bot.nlu.parse(redact(text).text) for text in texts))
    alone = message.remembering(item=None, told=(), event=None)
    parts = [replace(alone.saying(text, _NOTHING), opening=bot.opening(text)) for text in texts]
    return tuple(replace(part, parse=_informed(part, parse)) for part, parse in zip(parts, parses, strict=True))


def _informed(message: Turn, parse: Parse) -> Parse:
    """What the language model heard, weighed with what the opening sounds like; inside a flow only the former."""
    return informed(parse, message.opening.shares) if message.opening and message.state.flow is None else parse


async def _listen(bot: Bot, pending: PendingTurn, at: datetime) -> Turn:
    """The message as it can be read; a long one in a thread, a short one takes less than the hop would."""
    if len(pending.text) > MESSAGE_CAP:
        heard, opening, finding = await asyncio.to_thread(_triaged, bot, pending.text)
    else:
        heard, opening, finding = _triaged(bot, pending.text)
    return Turn(
        conversation_id=pending.conversation.id,
        message_id=pending.message_id,
        channel=pending.conversation.channel,
        seq=pending.seq,
        heard=heard,
        finding=finding,
        parse=_NOTHING,
        state=State.from_json(pending.conversation.state),
        redacted=redact(heard.text).text,
        at=at,
        opening=opening,
        attached=bool(pending.data.get("attachments")),
        wordless=bool(pending.data.get("wordless")),
    )


def _triaged(bot: Bot, text: str) -> tuple[Heard, Opening | None, Finding | None]:
    heard = hear(text)
    opening = bot.opening(heard.text)
    return heard, opening, bot.triage.look(heard, opening)


def _worth_parsing(message: Turn) -> bool:
    """Emergencies, refused messages and mere files wait for nobody."""
    return message.finding is None and bool(message.text) and not message.wordless


async def _decide(bot: Bot, message: Turn) -> Outcome:
    """The flow's outcome; linking and routing block, so they run in a thread."""
    try:
        return learning(bot, message, await asyncio.to_thread(decide, bot, message))
    except Exception:
        # The citizen never gets silence: a fault of ours is logged with its cause, and a person is offered.
        _log.exception("the flow failed on message %s", message.message_id)
        return handoff.failed(bot, message)


def _store(session: Session, pending: PendingTurn, message: Turn, outcome: Outcome, now: datetime) -> Answered:
    """What the flow registers and the reply that tells of it, in one transaction."""
    if outcome.commit is not None:
        outcome = outcome.commit(session, now)
    told = outcome.reply.to_json()
    stored = finish_turn(
        session,
        message_id=pending.message_id,
        expected_version=pending.conversation.version,
        reply=told,
        text=outcome.reply.text,
        redacted=message.redacted,
        flow=outcome.state.flow,
        state=outcome.state.to_json(),
        now=now,
        hand_off_reason=outcome.hand_off,
        need=outcome.need,
    )
    if stored is None:
        raise _TakenOver
    owner = Owner.QUEUE if outcome.hand_off else Owner.BOT
    if stored.reply is told:
        return outcome.reply, owner, stored.seq
    return Reply.from_json(stored.reply) if stored.reply else None, owner, stored.seq


def _result(recorded: Recorded, reply: Reply | None, owner: Owner) -> TurnResult:
    return TurnResult(
        recorded.conversation.id, recorded.message_id, recorded.seq, reply, owner.value, recorded.duplicate
    )
