"""One queue for people over all channels (统一排队): who waits for whom, their place, and how long it may take.

The urgent go first, then who has waited longest. A place is kept when a conversation comes back to the queue.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from statistics import median
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, select, update
from sqlalchemy.orm import Session

from ticketing import desks, webhooks
from ticketing.desk_rules import DeskRules, Need
from ticketing.desks import DeskView
from ticketing.errors import Conflict
from ticketing.messages import CONVERSATION, MESSAGE
from ticketing.models import AlarmRow, Left, OfferOutcome, Owner, QueueEntry, QueueOffer, Staff, new_id
from ticketing.ownership import answered_by_person, give, lock
from ticketing.privacy import unseal_json
from ticketing.statements import dialect_of, insert_or_skip, table_of

URGENT, NORMAL = 0, 1
ENTRY, OFFER = table_of(QueueEntry), table_of(QueueOffer)
_e, _o = ENTRY.c, OFFER.c
_LINE_UP = insert_or_skip(ENTRY, "conversation_id", where=_e.left_at.is_(None), returning=[_e.id])
_ORDER = (_e.rank, _e.entered_at, _e.id)
_LOOK_BACK = 12  # the last messages that can make a wait urgent
_ALARMED = timedelta(hours=2)
_SAMPLE = 30
_SHORTEST, _LONGEST = timedelta(seconds=30), timedelta(hours=1)
_HEATED = frozenset({"anger", "emergency"})


@dataclass(frozen=True, slots=True)
class Entry:
    """One who waits; `offered_to` is who is being asked now."""

    id: UUID
    conversation_id: UUID
    channel: str
    reason: str
    need: Need
    rank: int
    entered_at: datetime
    wanted_id: UUID | None
    told_position: int | None
    told_at: datetime | None
    choice_at: datetime | None
    offered_to: str | None = None
    offer_until: datetime | None = None

    @property
    def urgent(self) -> bool:
        """Whether it goes before the others."""
        return self.rank == URGENT

    def rivals(self, other: Entry) -> bool:
        """Whether somebody may take either of the two."""
        mine, theirs = self.need, other.need
        spoken = mine.language is None or theirs.language in {None, mine.language}
        return spoken and (mine.skill is None or theirs.skill in {None, mine.skill})


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a citizen can be told: their place, about how long, and whether anybody is there who could take it."""

    position: int
    wait: timedelta | None

    @property
    def staffed(self) -> bool:
        """Whether a person is there at all."""
        return self.wait is not None

    @property
    def minutes(self) -> int:
        """The wait in whole minutes, one at least."""
        return max(1, ceil((self.wait or _SHORTEST) / timedelta(minutes=1)))


def enter(
    session: Session,
    conversation_id: UUID,
    reason: str,
    skill: str | None,
    now: datetime,
    *,
    language: str | None = None,
    urgent: bool = False,
) -> UUID | None:
    """The conversation waits for a person from now on and the bot is silent; None when a person has it already."""
    row = lock(session, conversation_id)
    if row["owner"] == Owner.OPERATOR:
        return None
    if row["owner"] == Owner.BOT:
        give(session, conversation_id, now, owner=Owner.QUEUE, waiting_since=now, handoff_reason=reason)
        answered_by_person(session, conversation_id)
        facts = {"conversation_id": str(conversation_id), "channel": row["channel"], "reason": reason, "group": skill}
        key = f"{conversation_id}:{row['version']}"
        webhooks.publish(session, row["city"], webhooks.Topic.HANDED_OFF, key, facts, now)
    rank = URGENT if urgent or is_heated(session, conversation_id, now) else NORMAL
    wanted = first_owner(session, conversation_id)
    return line_up(session, row, reason, Need(skill, language), rank, now, wanted=wanted)


def line_up(
    session: Session,
    conversation: RowMapping,
    reason: str,
    need: Need,
    rank: int,
    entered_at: datetime,
    *,
    wanted: UUID | None,
) -> UUID:
    """Write one wait of a locked conversation; the one that stands already stays."""
    row = {
        "id": new_id(),
        "conversation_id": conversation["id"],
        "city": conversation["city"],
        "channel": conversation["channel"],
        "reason": reason,
        "skill": need.skill,
        "language": need.language,
        "rank": rank,
        "entered_at": entered_at,
        "wanted_id": wanted,
    }
    made: UUID | None = session.execute(_LINE_UP[dialect_of(session)], row).scalar()
    if made is not None:
        return made
    standing = select(_e.id).where(_e.conversation_id == conversation["id"], _e.left_at.is_(None))
    stands: UUID = session.execute(standing).scalar_one()
    return stands


def is_heated(session: Session, conversation_id: UUID, now: datetime) -> bool:
    """Whether the conversation cannot wait: an alarm, anger or an emergency in its last words, or elder mode (长者)."""
    alarm = select(AlarmRow.id).where(AlarmRow.conversation_id == conversation_id, AlarmRow.raised_at > now - _ALARMED)
    if session.execute(alarm.limit(1)).first() is not None:
        return True
    last = (
        select(MESSAGE.c.reply_sealed, MESSAGE.c.data_sealed)
        .where(MESSAGE.c.conversation_id == conversation_id, MESSAGE.c.created_at > now - _ALARMED)
        .order_by(MESSAGE.c.seq.desc())
        .limit(_LOOK_BACK)
    )
    return any(_heats(session, row) for row in session.execute(last))


def _heats(session: Session, row: Any) -> bool:
    reply = unseal_json(session, row.reply_sealed) if row.reply_sealed else {}
    data = unseal_json(session, row.data_sealed) if row.data_sealed else {}
    return bool(reply.get("emergency")) or reply.get("intent") in _HEATED or data.get("elder") is True


def first_owner(session: Session, conversation_id: UUID) -> UUID | None:
    """首问责任人: who took this citizen's first conversation on the channel; asked first when they come back."""
    c, other = CONVERSATION.c, CONVERSATION.alias()
    theirs = (
        select(other.c.id)
        .join_from(CONVERSATION, other, (other.c.address_index == c.address_index) & (other.c.channel == c.channel))
        .where(c.id == conversation_id, other.c.city == c.city)
    )
    taken = select(_e.taken_by).where(_e.conversation_id.in_(theirs), _e.taken_by.is_not(None))
    found: UUID | None = session.execute(taken.order_by(_e.left_at, _e.id).limit(1)).scalar()
    return found


def leave(session: Session, conversation_id: UUID, outcome: Left, now: datetime) -> None:
    """The citizen waits no longer; the bot goes on. `Conflict` where a person was faster."""
    if lock(session, conversation_id)["owner"] != Owner.QUEUE:
        raise Conflict("conversation_taken")
    give(session, conversation_id, now, owner=Owner.BOT, waiting_since=None, handoff_reason=None)
    end_wait(session, conversation_id, outcome, now)


def end_wait(
    session: Session, conversation_id: UUID, outcome: Left, now: datetime, *, taken_by: UUID | None = None
) -> None:
    """Close the wait of a locked conversation and the offer that stands for it."""
    ended = update(ENTRY).where(_e.conversation_id == conversation_id, _e.left_at.is_(None))
    entry_id = session.execute(ended.values(left_at=now, outcome=outcome, taken_by=taken_by).returning(_e.id)).scalar()
    if entry_id is None:
        return
    offers = update(OFFER).where(_o.entry_id == entry_id, _o.ended_at.is_(None))
    if taken_by is not None:
        session.execute(offers.where(_o.staff_id == taken_by).values(ended_at=now, outcome=OfferOutcome.ACCEPTED))
    session.execute(offers.values(ended_at=now, outcome=OfferOutcome.WITHDRAWN))


def end_service(session: Session, conversation_id: UUID, now: datetime) -> RowMapping | None:
    """Note when a person let go of a locked conversation; its last wait, if it had one."""
    last = select(*ENTRY.c).where(_e.conversation_id == conversation_id, _e.taken_by.is_not(None))
    row = session.execute(last.order_by(_e.left_at.desc(), _e.id.desc()).limit(1)).mappings().first()
    if row is not None:
        session.execute(update(ENTRY).where(_e.id == row["id"], _e.ended_at.is_(None)).values(ended_at=now))
    return row


def line(session: Session, city: str, limit: int = 300) -> tuple[Entry, ...]:
    """Everybody who waits, the next one first."""
    offered = (_o.entry_id == _e.id) & _o.ended_at.is_(None)
    rows = session.execute(
        select(*ENTRY.c, _o.expires_at, Staff.display_name)
        .join_from(ENTRY, OFFER, offered, isouter=True)
        .join(Staff, Staff.id == _o.staff_id, isouter=True)
        .where(_e.city == city, _e.left_at.is_(None))
        .order_by(*_ORDER)
        .limit(limit)
    )
    return tuple(entry_of(row, row.display_name, row.expires_at) for row in rows)


def entry_of(row: Any, offered_to: str | None = None, offer_until: datetime | None = None) -> Entry:
    """The view of a stored row."""
    return Entry(
        row.id,
        row.conversation_id,
        row.channel,
        row.reason,
        Need(row.skill, row.language),
        row.rank,
        row.entered_at,
        row.wanted_id,
        row.told_position,
        row.told_at,
        row.choice_at,
        offered_to,
        offer_until,
    )


def position(session: Session, conversation_id: UUID) -> int | None:
    """The place in line, 1 for the next; None for who does not wait. Counted are those the same people may take."""
    row = session.execute(select(_e.city).where(_e.conversation_id == conversation_id, _e.left_at.is_(None))).first()
    return _place(line(session, row.city), conversation_id) if row else None


def _place(waiting: tuple[Entry, ...], conversation_id: UUID) -> int | None:
    at = next((n for n, entry in enumerate(waiting) if entry.conversation_id == conversation_id), None)
    return None if at is None else 1 + sum(waiting[at].rivals(other) for other in waiting[:at])


def estimate(session: Session, conversation_id: UUID, rules: DeskRules, now: datetime) -> timedelta | None:
    """About how long it may still take; None when nobody is there who could take it, or it does not wait."""
    found = outlook(session, conversation_id, rules, now)
    return found.wait if found else None


def outlook(session: Session, conversation_id: UUID, rules: DeskRules, now: datetime) -> Outlook | None:
    """Place and wait of one who waits."""
    row = session.execute(select(_e.city).where(_e.conversation_id == conversation_id, _e.left_at.is_(None))).first()
    if row is None:
        return None
    waiting = line(session, row.city)
    place = _place(waiting, conversation_id)
    mine = next((entry for entry in waiting if entry.conversation_id == conversation_id), None)
    if place is None or mine is None:  # beyond the part of the line that is read
        return Outlook(len(waiting) + 1, None)
    return Outlook(place, _wait(session, row.city, mine.need, place, rules, now))


def outlook_for(session: Session, city: str, need: Need, urgent: bool, rules: DeskRules, now: datetime) -> Outlook:
    """Place and wait of one who would enter now."""
    nobody = UUID(int=0)
    rank = URGENT if urgent else NORMAL
    mine = Entry(nobody, nobody, "", "", need, rank, now, None, None, None, None)
    place = 1 + sum(other.rank <= rank and mine.rivals(other) for other in line(session, city))
    return Outlook(place, _wait(session, city, need, place, rules, now))


def _wait(session: Session, city: str, need: Need, place: int, rules: DeskRules, now: datetime) -> timedelta | None:
    able = [desk for desk in desks.desks(session, city, rules, now) if _serves(desk, need, rules)]
    free, seats = sum(desk.free for desk in able), sum(max(1, desk.capacity) for desk in able)
    if not able:
        return None
    if place <= free:
        return _SHORTEST
    each = handling_time(session, city, rules)
    return min(_LONGEST, max(_SHORTEST, each * ceil((place - free) / seats) / 2))


def _serves(desk: DeskView, need: Need, rules: DeskRules) -> bool:
    """Online people serve everybody in the end (overflow), but a language only its speakers."""
    return desk.presence == "online" and desk.may_take(need, rules, overflowing=True)


def handling_time(session: Session, city: str, rules: DeskRules) -> timedelta:
    """How long a person usually takes: the middle one of the last conversations, else what the city's rules say."""
    done = (_e.city == city) & _e.ended_at.is_not(None)
    rows = session.execute(
        select(_e.left_at, _e.ended_at).where(done).order_by(_e.ended_at.desc()).limit(_SAMPLE)
    ).all()
    lengths = [(row.ended_at - row.left_at).total_seconds() for row in rows if row.ended_at > row.left_at]
    return timedelta(seconds=median(lengths)) if len(lengths) >= 5 else rules.handling


def note_told(session: Session, entry_id: UUID, place: int, now: datetime, *, choice: bool = False) -> None:
    """Keep what the citizen was told last."""
    values: dict[str, Any] = {"told_position": place, "told_at": now} | ({"choice_at": now} if choice else {})
    session.execute(update(ENTRY).where(_e.id == entry_id, _e.left_at.is_(None)).values(**values))
