"""People in a conversation (转人工): taking over, speaking, handing on, giving back. The bot is silent meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import RowMapping, select
from sqlalchemy.orm import Session

from ticketing import desks, queueing
from ticketing.city import City
from ticketing.desk_rules import ANYBODY, Need
from ticketing.errors import Conflict, Invalid
from ticketing.messages import CONVERSATION, MESSAGE, ConversationView, MessageView, message_view, view
from ticketing.models import Author, Desk, Left, Owner
from ticketing.ownership import answered_by_person, append, give, lock, lock_held
from ticketing.queueing import URGENT
from ticketing.statements import table_of

_DESK = table_of(Desk)
ABSENT = "operator_absent"
TRANSFERRED = "transferred"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A conversation waiting for a person."""

    id: UUID
    channel: str
    since: datetime
    reason: str | None
    last_seq: int


def hand_off(session: Session, conversation_id: UUID, reason: str, now: datetime, need: Need = ANYBODY) -> None:
    """转人工: the bot falls silent and the conversation waits for a person; what was said stays on the screen."""
    if lock(session, conversation_id)["owner"] == Owner.BOT:
        queueing.enter(session, conversation_id, reason, need.skill, now, language=need.language)


def take(session: Session, conversation_id: UUID, staff_id: UUID, now: datetime) -> ConversationView:
    """An operator takes the conversation; who comes second is told so."""
    row = lock(session, conversation_id)
    if row["owner"] == Owner.OPERATOR and row["operator_id"] != staff_id:
        raise Conflict("conversation_taken")
    if row["owner"] != Owner.OPERATOR:
        _require_room(session, staff_id, row["channel"])
        give(session, conversation_id, now, owner=Owner.OPERATOR, operator_id=staff_id, waiting_since=None)
        answered_by_person(session, conversation_id)
        queueing.end_wait(session, conversation_id, Left.TAKEN, now, taken_by=staff_id)
    return view(session, conversation_id)


def _require_room(session: Session, staff_id: UUID, channel: str) -> None:
    """Nobody takes more at once than their desk holds; a call is held alone."""
    room = desks.room_of(session, staff_id)
    if room is None:
        return
    capacity, chats, calls = room
    if calls or chats >= capacity or (channel == desks.PHONE and chats):
        raise Conflict("desk_full", limit=capacity)


def operator_says(
    session: Session, conversation_id: UUID, staff_id: UUID, text: str, external_id: str | None, now: datetime
) -> MessageView:
    """Store what the operator writes; the same `external_id` is stored once."""
    lock_held(session, conversation_id, staff_id)
    if external_id is not None:
        first = session.execute(
            select(*MESSAGE.c).where(MESSAGE.c.conversation_id == conversation_id, MESSAGE.c.external_id == external_id)
        ).mappings()
        if (stored := first.first()) is not None:
            return message_view(session, stored)
    return append(session, conversation_id, Author.OPERATOR, text, now, staff_id=staff_id, external_id=external_id)


def hand_back(
    session: Session, conversation_id: UUID, staff_id: UUID, now: datetime, words: str | None = None
) -> MessageView | None:
    """结束人工服务: closing words, and the conversation goes back to the bot, which starts afresh."""
    lock_held(session, conversation_id, staff_id)
    said = append(session, conversation_id, Author.SYSTEM, words, now) if words else None
    queueing.end_service(session, conversation_id, now)
    give(
        session,
        conversation_id,
        now,
        owner=Owner.BOT,
        operator_id=None,
        handoff_reason=None,
        flow=None,
        state_sealed=None,
    )
    return said


def transfer(
    session: Session,
    city: City,
    conversation_id: UUID,
    staff_id: UUID,
    now: datetime,
    *,
    to: UUID | None = None,
    skill: str | None = None,
    words: str | None = None,
) -> MessageView | None:
    """转接: to a colleague or a group, before everybody who waits; what was said and understood goes along.

    Nobody can be handed a conversation who is not there to take it.
    """
    row = lock_held(session, conversation_id, staff_id)
    if (to is None) == (skill is None) or to == staff_id:
        raise Invalid("transfer_target", field="to")
    if skill is not None and skill not in city.desk.names:
        raise Invalid("code_unknown", field="skill")
    if to is not None and not _is_there(session, city, to, now):
        raise Conflict("operator_not_there")
    last = queueing.end_service(session, conversation_id, now)
    language = skill if skill in city.desk.languages else (last["language"] if last else None)
    need = Need(None if skill in city.desk.languages else skill, language)
    said = append(session, conversation_id, Author.SYSTEM, words, now) if words else None
    _queue_again(session, row, TRANSFERRED, need, URGENT, last["entered_at"] if last else now, now, wanted=to)
    return said


def _is_there(session: Session, city: City, staff_id: UUID, now: datetime) -> bool:
    desk = desks.desk_of(session, staff_id, city.desk, now)
    return desk is not None and desk.presence == "online"


def absent(session: Session, city: City, now: datetime, limit: int = 50) -> tuple[UUID, ...]:
    """The text conversations whose operator's screen was closed too long; looking changes nothing."""
    c, d = CONVERSATION.c, _DESK.c
    gone = d.seen_at <= now - city.desk.absent
    rows = session.scalars(
        select(c.id)
        .join_from(CONVERSATION, _DESK, d.staff_id == c.operator_id)
        .where(c.owner == Owner.OPERATOR, c.city == city.code, c.channel != desks.PHONE, c.closed_at.is_(None), gone)
        .limit(limit)
    )
    return tuple(rows)


def take_back(session: Session, city: City, conversation_id: UUID, now: datetime, words: str) -> MessageView | None:
    """重新排队: the operator is gone; the citizen waits again at their old place. None where somebody came back."""
    row = lock(session, conversation_id)
    if row["owner"] != Owner.OPERATOR:
        return None
    seen = session.execute(select(_DESK.c.seen_at).where(_DESK.c.staff_id == row["operator_id"])).scalar()
    if seen is None or seen > now - city.desk.absent:
        return None
    last = queueing.end_service(session, conversation_id, now)
    need = Need(last["skill"], last["language"]) if last else ANYBODY
    rank, place = (last["rank"], last["entered_at"]) if last else (queueing.NORMAL, row["updated_at"])
    said = append(session, conversation_id, Author.SYSTEM, words, now)
    _queue_again(session, row, ABSENT, need, rank, place, now, wanted=None)
    return said


def _queue_again(
    session: Session,
    row: RowMapping,
    reason: str,
    need: Need,
    rank: int,
    entered_at: datetime,
    now: datetime,
    *,
    wanted: UUID | None,
) -> None:
    give(
        session,
        row["id"],
        now,
        owner=Owner.QUEUE,
        operator_id=None,
        waiting_since=entered_at,
        handoff_reason=reason,
    )
    queueing.line_up(session, row, reason, need, rank, entered_at, wanted=wanted)


def waiting(session: Session, city: str, limit: int = 100) -> tuple[Waiting, ...]:
    """The conversations that wait for a person, longest first."""
    c = CONVERSATION.c
    rows = session.execute(
        select(c.id, c.channel, c.waiting_since, c.handoff_reason, c.last_seq)
        .where(c.owner == Owner.QUEUE, c.city == city)
        .order_by(c.waiting_since)
        .limit(limit)
    )
    return tuple(Waiting(*row) for row in rows)


def held(session: Session, city: str, staff_id: UUID | None, limit: int = 50) -> tuple[Waiting, ...]:
    """The conversations an operator holds (any operator for None), the latest word first: `since` is its time."""
    c = CONVERSATION.c
    query = select(c.id, c.channel, c.updated_at, c.handoff_reason, c.last_seq)
    query = query.where(c.owner == Owner.OPERATOR, c.city == city).order_by(c.updated_at.desc()).limit(limit)
    rows = session.execute(query.where(c.operator_id == staff_id) if staff_id else query)
    return tuple(Waiting(*row) for row in rows)


def holder(session: Session, conversation_id: UUID) -> UUID | None:
    """Who speaks in the conversation now, if a person does."""
    c = CONVERSATION.c
    found: UUID | None = session.execute(
        select(c.operator_id).where(c.id == conversation_id, c.owner == Owner.OPERATOR)
    ).scalar()
    return found


def require_held(session: Session, conversation_id: UUID, staff_id: UUID) -> None:
    """Refuse who does not hold the conversation; its row stays locked until the transaction ends."""
    lock_held(session, conversation_id, staff_id)
