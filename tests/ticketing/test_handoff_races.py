"""Everybody at once: deliveries doubled and reordered, every hop delayed, people taking, handing on and leaving.

A schedule is a seed. Each actor is a generator whose every step is one transaction, as in the house; between two steps
anything else may happen. Whatever the order: every message is there once, all readers see one order, and the bot says
nothing while a person holds the conversation.
"""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import event, select

from ticketing import conversations, desks, handoff, offers
from ticketing.conversations import LEASE, Inbound
from ticketing.errors import Conflict, NotFound, Stale
from ticketing.messages import MESSAGE
from ticketing.models import Author, Conversation, Owner, QueueEntry, QueueOffer, Role

SCHEDULES = int(os.environ.get("HOTLINE_SCHEDULES", "200"))
Actor = Generator[None, None, None]


@dataclass
class World:
    """One conversation, its two operators, and what was promised to whom."""

    database: object
    city: object
    people: list[UUID]
    chance: random.Random
    start: object
    address: str
    conversation: UUID | None = None
    ticks: int = 0
    sent: list[str] = field(default_factory=list)
    accepted: list[str] = field(default_factory=list)
    held: list[tuple[int, int]] = field(default_factory=list)
    taken_at: int | None = None
    crash: BaseException | None = None

    @property
    def now(self):
        return self.start + timedelta(seconds=self.ticks)

    def hop(self, work: Callable, *args, **kwargs):
        """One transaction; time goes on a little."""
        self.ticks += self.chance.choice((0, 1, 3))
        with self.database.write() as session:
            return work(session, *args, **kwargs)

    def see(self, work: Callable, *args):
        """A look that changes nothing."""
        with self.database.read() as session:
            return work(session, *args)

    def change(self, work: Callable, *args, **kwargs):
        """A change of hands, with the number of the last message at that very moment."""

        def both(session):
            done = work(session, *args, **kwargs)
            row = session.execute(
                select(Conversation.owner, Conversation.last_seq).where(Conversation.id == self.conversation)
            ).one()
            return done, row.owner, row.last_seq

        done, owner, seq = self.hop(both)
        if owner == Owner.OPERATOR and self.taken_at is None:
            self.taken_at = seq
        elif owner != Owner.OPERATOR and self.taken_at is not None:
            self.held.append((self.taken_at, seq))
            self.taken_at = None
        return done


class Reader:
    """A screen: pushes may be lost, doubled or late; it reads after the last number it has and shows each once."""

    def __init__(self, world: World) -> None:
        self.world, self.shown, self.last = world, [], 0

    def look(self, session) -> None:
        for message in conversations.messages_after(session, self.world.conversation, self.last, 5):
            self.shown.append((message.seq, message.id, message.author, message.text))
            self.last = message.seq

    def run(self) -> Actor:
        for _ in range(8):
            yield
            if self.world.conversation is None:
                continue
            if self.world.chance.random() < 0.2 and self.shown:  # reconnects with an older number, as a stale tab does
                back = self.world.chance.randint(1, min(3, len(self.shown)))
                del self.shown[-back:]
                self.last = self.shown[-1][0] if self.shown else 0
            self.world.see(self.look)

    def finish(self) -> None:
        while True:
            before = self.last
            self.world.see(self.look)
            if self.last == before:
                return


def citizen(world: World, key: str) -> Actor:
    """Delivers one message up to three times; each delivery that is new starts a turn of the bot."""
    world.sent.append(key)
    for _ in range(world.chance.choice((1, 1, 2, 3))):
        yield
        inbound = Inbound("web", world.address, f"话 {key}", key, world.city.code)
        recorded = world.hop(conversations.record, inbound, world.now)
        world.conversation = recorded.conversation.id
        if recorded.duplicate or recorded.conversation.owner != Owner.BOT or world.chance.random() < 0.15:
            continue  # a process that dies here leaves the message to the sweeper
        yield from turn(world, recorded.message_id, recorded.conversation.version)


def turn(world: World, message_id: UUID, version: int) -> Actor:
    """The bot thinks (a hop's time), stores its reply, or computes it again on what it finds."""
    for _ in range(3):
        yield
        asked = world.chance.random() < 0.5
        try:
            world.hop(
                conversations.finish_turn,
                message_id=message_id,
                expected_version=version,
                reply={"action": "human" if asked else "answer"},
                text="机器人的话",
                redacted="",
                flow=None,
                state={},
                now=world.now,
                hand_off_reason="asked" if asked else None,
            )
        except Stale:
            version = world.see(conversations.load_turn, message_id).conversation.version
        else:
            return


def sweeper(world: World) -> Actor:
    for _ in range(6):
        yield
        world.ticks += int(LEASE.total_seconds()) // 2
        for message_id in world.hop(conversations.due_messages, world.now):
            pending = world.see(conversations.load_turn, message_id)
            yield from turn(world, message_id, pending.conversation.version)


def rounds(world: World) -> Actor:
    """The house's own round: offers, and conversations of operators whose screen is closed."""
    for _ in range(10):
        yield
        world.hop(offers.distribute, world.city, world.now)
        for gone in world.see(handoff.absent, world.city, world.now):
            yield
            world.change(handoff.take_back, world.city, gone, world.now, "请稍等")


def operator(world: World, me: UUID) -> Actor:
    """Comes and goes, takes what is offered or what waits, speaks (each form posted up to twice), hands on, ends."""
    for step in range(10):
        yield
        if world.chance.random() < 0.8:
            world.hop(desks.touch, me, world.city.code, world.city.desk, world.now)
        if world.conversation is None:
            continue
        try:
            yield from _act(world, me, step)
        except (Conflict, NotFound):
            continue  # a colleague was faster, or the citizen is with the bot: refused and nothing changed


def _act(world: World, me: UUID, step: int) -> Actor:
    act = world.chance.choice(("take", "take", "say", "say", "say", "transfer", "back", "decline", "vanish"))
    if act == "take" and world.see(conversations.view, world.conversation).owner == Owner.QUEUE:
        yield
        world.change(handoff.take, world.conversation, me, world.now)
    elif act == "say":
        key = f"{me}:{step}"
        for _ in range(world.chance.choice((1, 2))):
            yield
            world.hop(handoff.operator_says, world.conversation, me, f"人说 {key}", key, world.now)
            world.accepted.append(key)
    elif act == "transfer":
        other = next(person for person in world.people if person != me)
        world.change(handoff.transfer, world.city, world.conversation, me, world.now, to=other, words="正在转接")
    elif act == "back":
        world.change(handoff.hand_back, world.conversation, me, world.now, "再见")
    elif act == "decline":
        world.hop(offers.decline, world.conversation, me, world.now)
    elif act == "vanish":
        world.ticks += 400


def play(world: World) -> list[Reader]:
    """Run all actors in a random order of steps until they end."""
    readers = [Reader(world) for _ in range(3)]
    actors: list[Iterator[None]] = [citizen(world, f"m{n:08d}") for n in range(5)]
    actors += [operator(world, person) for person in world.people]
    actors += [sweeper(world), rounds(world), *(reader.run() for reader in readers)]
    while actors:
        actor = world.chance.choice(actors)
        try:
            next(actor)
        except StopIteration:
            actors.remove(actor)
    settle(world)
    for reader in readers:
        reader.finish()
    return readers


def settle(world: World) -> None:
    """In the end whoever holds the conversation gives it back, and the sweeper answers what is left."""
    owner = world.see(handoff.holder, world.conversation)
    if owner is not None:
        world.change(handoff.hand_back, world.conversation, owner, world.now, "再见")
    for _ in range(8):
        world.ticks += 60
        for message_id in world.hop(conversations.due_messages, world.now):
            for _ in turn(world, message_id, world.see(conversations.load_turn, message_id).conversation.version):
                pass


def check(world: World, readers: list[Reader]) -> None:
    with world.database.read() as session:
        stored = session.execute(
            select(MESSAGE.c.seq, MESSAGE.c.id, MESSAGE.c.author, MESSAGE.c.external_id, MESSAGE.c.due_at)
            .where(MESSAGE.c.conversation_id == world.conversation)
            .order_by(MESSAGE.c.seq)
        ).all()
        standing = session.execute(
            select(QueueEntry.id).where(QueueEntry.conversation_id == world.conversation, QueueEntry.left_at.is_(None))
        ).all()
        owner = session.get_one(Conversation, world.conversation).owner
        stray = session.execute(
            select(QueueOffer.id)
            .join(QueueEntry, QueueEntry.id == QueueOffer.entry_id)
            .where(QueueOffer.ended_at.is_(None), QueueEntry.left_at.is_not(None))
        ).all()
    assert [row.seq for row in stored] == list(range(1, len(stored) + 1))
    from_citizen = [row.external_id for row in stored if row.author == Author.CITIZEN]
    assert sorted(from_citizen) == sorted(world.sent), "every message of the citizen once"
    from_people = [row.external_id for row in stored if row.author == Author.OPERATOR]
    assert sorted(from_people) == sorted(set(world.accepted)), "every accepted word of an operator once"
    for reader in readers:
        assert [(seq, id_) for seq, id_, *_ in reader.shown] == [(row.seq, row.id) for row in stored]
    bots = [row.seq for row in stored if row.author == Author.BOT]
    assert not [seq for seq in bots for first, last in world.held if first < seq <= last], "the bot spoke between"
    assert all(row.due_at is None for row in stored)
    assert bool(standing) == (owner == Owner.QUEUE)
    assert stray == []


@pytest.fixture
def office(office):
    """Without waiting for the disk: what is tested is the order of transactions, not their safety in a power cut."""
    event.listen(office.database.engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))
    return office


def hired(office) -> list[UUID]:
    return [office.hire(Role.OPERATOR).staff_id for _ in range(2)]


def world_of(office, people: list[UUID], seed: int) -> World:
    """A city of its own for every schedule, so that their queues do not meet."""
    city = replace(office.city, code=f"city-{seed}")
    return World(office.database, city, people, random.Random(seed), office.now, f"browser-{seed}")


def test_hundreds_of_schedules(office) -> None:
    people, taken = hired(office), 0
    for seed in range(SCHEDULES):
        world = world_of(office, people, seed)
        readers = play(world)
        try:
            check(world, readers)
        except AssertionError as error:
            raise AssertionError(f"seed {seed}: {error}") from error
        taken += bool(world.held)
    assert taken > SCHEDULES // 4, "the schedules must bring people into the conversations"


@pytest.mark.parametrize("seed", range(6))
def test_some_schedules_on_both_databases(everywhere, seed: int) -> None:
    world = world_of(everywhere, hired(everywhere), 1000 + seed)
    check(world, play(world))


@pytest.mark.parametrize("seed", range(4))
def test_all_at_the_same_time(everywhere, seed: int) -> None:
    """The same actors in threads: the databases themselves decide the order."""
    world = world_of(everywhere, hired(everywhere), 2000 + seed)
    first = citizen(world, "first000")
    for _ in first:
        pass
    actors = [citizen(world, f"m{n:08d}") for n in range(3)]
    actors += [operator(world, person) for person in world.people] + [sweeper(world), rounds(world)]
    guard = threading.Lock()  # the test's own book of who holds what; the database is not guarded by it
    plain = world.change

    def change(*args, **kwargs):
        with guard:
            return plain(*args, **kwargs)

    world.change = change
    threads = [threading.Thread(target=_run, args=(world, actor)) for actor in actors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert world.crash is None, repr(world.crash)
    settle(world)
    readers = [Reader(world) for _ in range(2)]
    for reader in readers:
        reader.finish()
    check(world, readers)


def _run(world: World, actor: Actor) -> None:
    try:
        for _ in actor:
            pass
    except BaseException as error:
        world.crash = error


def test_the_test_can_see_a_bot_that_speaks_between(office) -> None:
    world = world_of(office, hired(office), 1)
    play(world)
    world.held.append((0, 99))
    with pytest.raises(AssertionError, match="the bot spoke between"):
        check(world, [])
