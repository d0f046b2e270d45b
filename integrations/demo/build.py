"""A made-up year, stored in bulk: the same tables, chains and clocks as in real work, ten thousand tickets at once."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from integrations.demo import plot
from integrations.demo.story import Rows, Story
from integrations.demo.world import FIRST_PHONE, World, known_citizens, open_world
from routing.language.redaction import redact
from ticketing import citizens, numbering
from ticketing.city import City
from ticketing.models import Author, Base, NumberCounter, Owner, Status, Ticket, new_id
from ticketing.privacy import keyed_hash, seal
from ticketing.statements import table_of
from ticketing.workflow import OPEN

CHANNELS, WEIGHTS = ("web", "phone", "wechat", "letter"), (38, 42, 16, 4)
_ORDER = (
    "citizen", "conversation", "message", "ticket", "ticket_event", "clock", "assignment", "request", "callback",
    "callback_attempt", "survey", "promise", "urge", "supervision", "site_visit", "exclusion",
)  # fmt: skip
_CHUNK = 2000
_TALKS = 0.15  # conversations with the bot alone, a ticket
EVERY_STATE = (*(status for status in OPEN if status is not Status.ANSWERED), Status.ANSWERED, None, None)
FIRST_SET, FIRST_DAYS, FIRST_SEED = 64, 21, 60


def build(
    session: Session,
    city: City,
    nlu_data: Path,
    until: datetime,
    *,
    tickets: int,
    days: int,
    seed: int,
    every_state: bool = False,
) -> int:
    """Write so many tickets over so many days before a moment; 0 when this very history is there already.

    With `every_state` the tickets stop in all states in turn, however long ago they were registered.
    """
    if session.execute(select(Ticket.id).where(Ticket.intake_key == f"demo:{seed}:0")).first() is not None:
        return 0
    world = open_world(session, city, nlu_data, until, seed)
    rows: Rows = defaultdict(list)
    moments = sorted(_moments(world, tickets, days))
    people = _people(world, rows, max(tickets * 2 // 3, 1), moments[0])
    numbers = _Numbers(session, city)
    for n, at in enumerate(moments):
        stop = EVERY_STATE[n % len(EVERY_STATE)] if every_state else None
        _one(world, rows, people, numbers.draw(at), at, f"demo:{seed}:{n}", stop)
    _talks(world, rows, int(tickets * _TALKS), moments)
    _store(session, rows)
    numbers.keep()
    return tickets


def first_set(session: Session, city: City, nlu_data: Path, now: datetime) -> int:
    """A few tickets in every state, for the first start of a demonstration; none where any ticket exists."""
    if session.execute(select(Ticket.id).limit(1)).first() is not None:
        return 0
    many = {"tickets": FIRST_SET, "days": FIRST_DAYS, "seed": FIRST_SEED}
    return build(session, city, nlu_data, now, **many, every_state=True)


def _moments(world: World, count: int, days: int) -> Iterator[datetime]:
    """When people called: more on working days and by day, with heating's first weeks on top."""
    rng = world.rng
    while count:
        at = world.until - timedelta(seconds=rng.uniform(60, days * 86_400))
        local = at.astimezone(world.city.zone)
        weight = (1.0 if world.city.calendar.day(local.date()).working else 0.45) * (
            1.0 if 7 <= local.hour < 22 else 0.12
        )
        weight *= 1.0 if local.month in (10, 11) else 0.72
        if rng.random() < weight:
            count -= 1
            yield at


def _people(world: World, rows: Rows, count: int, since: datetime) -> list[UUID]:
    """市民-0001 and on, with numbers that belong to nobody."""
    session, known, people = world.session, known_citizens(world.session, count), []
    for n in range(1, count + 1):
        if n not in known:
            phone, name = str(FIRST_PHONE + n), f"市民-{n:04d}"
            row = {"id": new_id(), "phone_index": citizens.phone_index(session, phone), "created_at": since}
            rows["citizen"].append(row | {"phone_sealed": seal(session, phone), "name_sealed": seal(session, name)})
            known[n] = row["id"]
        people.append(known[n])
    return people


def _one(
    world: World, rows: Rows, people: list[UUID], number: str, at: datetime, key: str, stop: Status | None
) -> None:
    rng = world.rng
    again = (
        rows["ticket"][rng.randrange(-min(len(rows["ticket"]), 200), 0)]
        if rows["ticket"] and rng.random() < 0.07
        else None
    )
    matter = rng.choice(world.matters)
    if again and again["citizen_id"]:
        matter = next((one for one in world.matters if one.department == again["first_department"]), matter)
    story = Story(world, rows, matter, number, _id_at(world, at), at)
    story.stop_at = stop
    chance = rng.random()
    more: dict[str, Any] = {"anonymous": chance < 0.03, "wants_reply": chance > 0.06}
    citizen_id = None if chance < 0.03 else (again and again["citizen_id"]) or rng.choice(people)
    story.register(rng.choices(CHANNELS, WEIGHTS)[0], citizen_id, key, **more)
    plot.live(story)
    rows["ticket"].append(story.ticket)


def _id_at(world: World, at: datetime) -> UUID:
    """A UUIDv7 of a past moment: lists are read in the order of their ids."""
    random = world.rng.getrandbits(74)
    high, low = random >> 62, random & ((1 << 62) - 1)
    return UUID(int=(int(at.timestamp() * 1000) << 80) | (7 << 76) | (high << 64) | (2 << 62) | low)


class _Numbers:
    """Ticket numbers of past days, after those that were drawn already."""

    def __init__(self, session: Session, city: City) -> None:
        self._session, self._city = session, city
        rows = session.scalars(select(NumberCounter).where(NumberCounter.city == city.code)).all()
        self._there = {row.day: row for row in rows}
        self._last = Counter({row.day: row.last for row in rows})

    def draw(self, at: datetime) -> str:
        """The next number of a day."""
        day = f"{self._city.today(at):%y%m%d}"
        self._last[day] += 1
        digits = f"{day}{self._last[day]:06d}"
        return f"{digits[:6]}-{digits[6:]}-{numbering.check_digit(digits)}"

    def keep(self) -> None:
        """Write the counters, so that no number is ever drawn twice."""
        for day, last in self._last.items():
            if day in self._there:
                self._there[day].last = last
            else:
                self._session.add(NumberCounter(city=self._city.code, day=day, last=last))


def _talks(world: World, rows: Rows, count: int, moments: list[datetime]) -> None:
    """Conversations that the bot or a person answered without a ticket, for the bot's own figures."""
    for n in range(count):
        at, chance = world.rng.choice(moments), world.rng.random()
        _talk(world, rows, f"demo-{n}", at, handed=chance < 0.2, met=chance < 0.17, midway=0.2 <= chance < 0.28)


def _talk(world: World, rows: Rows, address: str, at: datetime, *, handed: bool, met: bool, midway: bool) -> None:
    session, id_ = world.session, new_id()
    operator = world.rng.choice(next(iter(world.staff.values()))) if met else None
    over = at + timedelta(minutes=world.rng.uniform(2, 20))
    rows["conversation"].append({
        "id": id_, "channel": "web", "address_index": keyed_hash(session, "address", f"web\0{address}:{at}"),
        "address_sealed": seal(session, address), "city": world.city.code, "owner": Owner.BOT.value,
        "operator_id": operator, "waiting_since": None, "handoff_reason": "asked" if handed else None,
        "flow": "appeal" if midway else None, "state_sealed": None, "version": 1, "last_seq": 2, "opened_at": at,
        "updated_at": over, "closed_at": over,
    })  # fmt: skip
    words = (world.word("visitor"), world.word("bot_words"))
    for seq, (author, text) in enumerate(zip((Author.CITIZEN, Author.BOT), words, strict=True), 1):
        rows["message"].append({
            "id": new_id(), "conversation_id": id_, "seq": seq, "author": author.value, "staff_id": None,
            "external_id": None, "in_reply_to": None, "body_sealed": seal(session, text),
            "body_redacted": redact(text).text, "data_sealed": None, "reply_sealed": None, "created_at": at,
            "due_at": None, "attempts": 0, "dead_reason": None,
        })  # fmt: skip


def _store(session: Session, rows: Rows) -> None:
    tables = {mapper.local_table.name: table_of(mapper.class_) for mapper in Base.registry.mappers}
    for name in _ORDER:
        for first in range(0, len(rows[name]), _CHUNK):
            session.execute(insert(tables[name]), rows[name][first : first + _CHUNK])
