"""The round over the queue for people: offers, citizens told where they stand, conversations of absent operators."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy.orm import Session

from bot.flows import waiting
from bot.reply import Action, Reply
from integrations.bootstrap import House
from integrations.channels import relay
from ticketing import handoff, offers, queueing
from ticketing.messages import MessageView
from ticketing.models import Author, Owner
from ticketing.ownership import append, lock
from ticketing.queueing import Entry, Outlook

log = structlog.get_logger()
_APART = timedelta(seconds=20)
_SCREENS = frozenset({"web"})  # only where words cost nothing is every step forward told


def go_round(house: House, now: Callable[[], datetime]) -> int:
    """Do all that is due for who waits; returns how much was done. Running it twice at once does nothing twice."""
    with house.database.read() as session:  # looking is free
        due = offers.is_due(session, house.city, now())
        gone = handoff.absent(session, house.city, now())
        untold = _untold(session, house, now())
    for conversation in gone:
        _take_back(house, conversation, now())
    for conversation in untold:
        _tell(house, conversation, now())
    made = _distribute(house, now()) if due or gone else 0
    return made + len(gone) + len(untold)


def _distribute(house: House, now: datetime) -> int:
    with house.database.write() as session:
        made = offers.distribute(session, house.city, now)
    if made:
        house.live.publish("queue")
    return len(made)


def _take_back(house: House, conversation: UUID, now: datetime) -> None:
    words = house.replies.text("handoff.operator_absent")
    with house.database.write() as session:
        said = handoff.take_back(session, house.city, conversation, now, words)
        if said is not None:
            relay.forward(session, conversation, said.seq, now)
    if said is not None:
        log.info("operator_absent", conversation=str(conversation))
        _publish(house, conversation, said)


def _untold(session: Session, house: House, now: datetime) -> tuple[UUID, ...]:
    """Who has something new to hear."""
    line = queueing.line(session, house.city.code)
    return tuple(
        entry.conversation_id
        for place, entry in enumerate(line, start=1)
        if _choice_due(entry, house, now) or _moved(entry, place, now)
    )


def _choice_due(entry: Entry, house: House, now: datetime) -> bool:
    return entry.choice_at is None and now - entry.entered_at >= house.city.desk.choice and entry.channel != "phone"


def _moved(entry: Entry, place: int, now: datetime) -> bool:
    """Whether the place has at least halved; `place` in the whole line is never better than the entry's own."""
    if entry.channel not in _SCREENS:
        return False
    if entry.told_position is None or entry.told_at is None:
        return True
    return place * 2 <= entry.told_position and now - entry.told_at >= _APART


def _tell(house: House, conversation: UUID, now: datetime) -> None:
    with house.database.write() as session:
        said = _words_for(session, house, conversation, now)
        if said is not None:
            relay.forward(session, conversation, said.seq, now)
    if said is not None:
        _publish(house, conversation, said)


def _words_for(session: Session, house: House, conversation: UUID, now: datetime) -> MessageView | None:
    """Store what this citizen is told now, under the lock that a person taking the conversation needs as well."""
    if lock(session, conversation)["owner"] != Owner.QUEUE:
        return None
    entry = next((e for e in queueing.line(session, house.city.code) if e.conversation_id == conversation), None)
    outlook = queueing.outlook(session, conversation, house.city.desk, now)
    if entry is None or outlook is None:
        return None
    choice, first = _choice_due(entry, house, now), entry.told_position is None
    queueing.note_told(session, entry.id, outlook.position, now, choice=choice)
    if choice:
        reply = Reply(Action.HUMAN, _choice_words(house, outlook), choices=waiting.ways_out(house.bot))
        return append(session, conversation, Author.SYSTEM, reply.text, now, reply=reply.to_json())
    if first or not outlook.staffed:
        return None  # the words of the hand-off have just said so
    return append(session, conversation, Author.SYSTEM, _moved_words(house, outlook), now)


def _choice_words(house: House, outlook: Outlook) -> str:
    if not outlook.staffed:
        return house.replies.text("handoff.choice_nobody")
    ahead = outlook.position - 1
    return house.replies.text("handoff.choice", ahead=ahead) if ahead else house.replies.text("handoff.choice_next")


def _moved_words(house: House, outlook: Outlook) -> str:
    if outlook.position == 1:
        return house.replies.text("handoff.moved_next")
    return house.replies.text("handoff.moved", ahead=outlook.position - 1, minutes=outlook.minutes)


def _publish(house: House, conversation: UUID, said: MessageView) -> None:
    house.live.publish(f"conversation:{conversation}", said.seq)
    house.live.publish("queue")
