"""One queue over all channels: who is offered what, in which order, for how long, and what the citizen is told."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ticketing import conversations, desk_notes, desks, handoff, offers, queueing, return_calls
from ticketing.conversations import Inbound
from ticketing.desk_rules import Need
from ticketing.errors import Conflict, Invalid, NotFound
from ticketing.models import Author, Left, NoteKind, Owner, Presence, Role
from ticketing.ownership import append

MINUTE = timedelta(minutes=1)


class Hall:
    """The queue of one city, with people at their desks."""

    def __init__(self, office) -> None:
        self.office, self.rules, self.now = office, office.city.desk, office.now
        self.said = 0

    def sit(self, *skills: str, chats: int = 3):
        staff = self.office.hire(Role.OPERATOR).staff_id
        self.office.on(desks.touch, staff, "ordos", self.rules, self.now)
        self.office.on(desks.equip, self.rules, staff, skills, chats)
        return staff

    def come(self, address: str, skill=None, *, channel="web", data=None, language=None, urgent=False, at=None):
        at = at or self.now
        self.said += 1
        said = Inbound(channel, address, "找人工", f"m{self.said}", "ordos", data or {})
        conversation = self.office.on(conversations.record, said, at).conversation.id
        self.office.on(queueing.enter, conversation, "asked", skill, at, language=language, urgent=urgent)
        return conversation

    def round(self, after=timedelta()):
        self.now += after
        return {offer.staff_id: offer.conversation_id for offer in self.office.do(offers.distribute, self.now)}

    def seen(self, *people) -> None:
        for staff in people:
            self.office.on(desks.touch, staff, "ordos", self.rules, self.now)

    def take(self, conversation, staff):
        return self.office.on(handoff.take, conversation, staff, self.now)

    def owner(self, conversation):
        return self.office.on(conversations.view, conversation).owner

    def position(self, conversation):
        return self.office.on(queueing.position, conversation)


@pytest.fixture
def hall(office):
    return Hall(office)


@pytest.fixture
def halls(everywhere):
    return Hall(everywhere)


def test_who_waits_longest_is_offered_first_and_the_urgent_before(halls):
    halls.come("a", at=halls.now - MINUTE)
    halls.come("b", at=halls.now - 3 * MINUTE)
    hot = halls.come("c", urgent=True)
    staff = halls.sit()
    assert halls.round() == {staff: hot}
    assert halls.office.on(offers.offer_to, staff, halls.now).until == halls.now + timedelta(seconds=30)
    assert halls.round() == {}, "one offer at a time"


def test_an_offer_that_is_not_answered_goes_to_the_next_and_all_is_recorded(halls):
    waiting, first, second = halls.come("a"), halls.sit(), halls.sit()
    (asked,) = halls.round()
    other = second if asked == first else first
    assert halls.round(timedelta(seconds=31)) == {other: waiting}
    halls.office.on(offers.decline, waiting, other, halls.now)
    with pytest.raises(NotFound):
        halls.office.on(offers.decline, waiting, other, halls.now)
    assert halls.round() == {asked: waiting}, "everybody was asked once: the first one again"
    halls.take(waiting, asked)
    outcomes = [record.outcome for record in halls.office.on(offers.history, waiting)]
    assert outcomes == ["expired", "declined", "accepted"]


def test_a_group_is_asked_first_and_others_help_after_a_while(hall):
    waiting, police = hall.come("a", "social"), hall.sit("police")
    assert hall.round() == {}
    social = hall.sit("social")
    assert hall.round() == {social: waiting}
    hall.office.on(offers.decline, waiting, social, hall.now)
    hall.office.on(desks.be, social, Presence.BUSY, hall.now)
    hall.seen(police)
    assert hall.round(hall.rules.overflow) == {police: waiting}


def test_a_language_waits_for_who_speaks_it(hall):
    waiting, anybody = hall.come("a", language="mn"), hall.sit()
    hall.now += timedelta(minutes=10)
    hall.seen(anybody)
    assert hall.round() == {}
    assert hall.office.on(queueing.outlook, waiting, hall.rules, hall.now).staffed is False
    speaker = hall.sit("mn")
    assert hall.round() == {speaker: waiting}


def test_a_desk_takes_as_many_chats_as_it_holds_and_a_call_alone(hall):
    staff = hall.sit(chats=2)
    chats = [hall.come(name) for name in "abc"]
    for chat in chats[:2]:
        hall.take(chat, staff)
    with pytest.raises(Conflict, match="desk_full"):
        hall.take(chats[2], staff)
    assert hall.round() == {}
    call, other = hall.come("13900000000", channel="phone", urgent=True), hall.sit()
    assert hall.round() == {other: call}
    hall.take(call, other)
    assert hall.round() == {}, "nothing beside a call"


def test_who_closes_the_screen_is_away_by_itself(hall):
    hall.come("a")
    staff = hall.sit()
    hall.now += hall.rules.screen
    (desk,) = hall.office.on(desks.desks, "ordos", hall.rules, hall.now)
    assert desk.presence is Presence.AWAY and hall.round() == {}
    hall.seen(staff)
    assert len(hall.round()) == 1


def test_only_operators_are_online_by_themselves(hall):
    staff = hall.office.hire(Role.DISPATCHER).staff_id
    hall.office.on(desks.touch, staff, "ordos", hall.rules, hall.now)
    assert hall.office.on(desks.desk_of, staff, hall.rules, hall.now).presence is Presence.BUSY
    with pytest.raises(Invalid):
        hall.office.on(desks.be, staff, "asleep", hall.now)
    with pytest.raises(Invalid):
        hall.office.on(desks.equip, hall.rules, staff, ["klingon"], 3)


def test_the_first_contact_owner_is_asked_first_when_the_citizen_returns(hall):
    people = [hall.sit() for _ in range(4)]
    owner = people[2]
    first = hall.come("a")
    hall.take(first, owner)
    hall.office.on(handoff.hand_back, first, owner, hall.now, "再见")
    assert hall.come("a") == first
    assert hall.round() == {owner: first}
    hall.take(first, people[0])
    hall.office.on(handoff.hand_back, first, people[0], hall.now)
    hall.come("a")
    assert hall.round() == {owner: first}, "set once: who came later does not replace the first"


def test_anger_and_elder_mode_go_before(hall):
    hall.come("calm", at=hall.now - MINUTE)
    elder = hall.come("elder", data={"elder": True})
    angry = hall.office.on(conversations.record, Inbound("web", "angry", "骂人", "x1", "ordos"), hall.now)
    talk = angry.conversation.id
    reply = {"intent": "anger"}
    hall.office.on(append, talk, Author.BOT, "对不起", hall.now, reply=reply)
    hall.office.on(queueing.enter, talk, "asked", None, hall.now)
    line = hall.office.on(queueing.line, "ordos")
    assert [entry.conversation_id for entry in line][:2] == [elder, talk]
    assert [entry.urgent for entry in line] == [True, True, False]


def test_place_and_wait_are_told_honestly(hall):
    a, b, c = (hall.come(name, at=hall.now + timedelta(seconds=n)) for n, name in enumerate("abc"))
    assert [hall.position(each) for each in (a, b, c)] == [1, 2, 3]
    assert hall.office.on(queueing.estimate, c, hall.rules, hall.now) is None, "nobody is there"
    staff = hall.sit(chats=1)
    waits = [hall.office.on(queueing.estimate, each, hall.rules, hall.now) for each in (a, b, c)]
    assert waits == sorted(waits) and waits[0] < waits[2] <= timedelta(hours=1)
    hall.take(a, staff)
    assert (hall.position(a), hall.position(b)) == (None, 1)
    other = hall.come("d", "police", at=hall.now + MINUTE)
    hall.come("e", "social", at=hall.now + MINUTE)
    assert hall.position(other) == 3
    newcomer = hall.office.on(queueing.outlook_for, "ordos", Need("police"), False, hall.rules, hall.now + 2 * MINUTE)
    assert newcomer.position == 4, "who waits for another group is not in the way"


def test_a_transfer_takes_note_and_place_along(hall):
    me, colleague = hall.sit(), hall.sit()
    waiting = hall.come("a", "social")
    hall.come("b", at=hall.now - 5 * MINUTE)
    hall.take(waiting, me)
    hall.office.do(handoff.transfer, waiting, me, hall.now, to=colleague, words="正在为您转接")
    hall.office.on(desk_notes.write, waiting, NoteKind.TRANSFER, me, "医保断缴，想补缴", hall.now)
    assert hall.owner(waiting) is Owner.QUEUE
    assert hall.round()[colleague] == waiting, "before who waits, to the colleague"
    hall.take(waiting, colleague)
    (note,) = hall.office.on(desk_notes.notes, waiting)
    said = hall.office.on(conversations.messages_after, waiting, 0)
    assert note.text == "医保断缴，想补缴" and [m.text for m in said] == ["找人工", "正在为您转接"]
    with pytest.raises(Conflict):
        hall.office.on(handoff.operator_says, waiting, me, "插话", "k", hall.now)


def test_a_transfer_needs_somebody_who_is_there(hall):
    me, gone = hall.sit(), hall.sit()
    waiting = hall.come("a")
    hall.take(waiting, me)
    hall.now += hall.rules.screen
    hall.seen(me)
    with pytest.raises(Conflict, match="operator_not_there"):
        hall.office.do(handoff.transfer, waiting, me, hall.now, to=gone)
    for wrong in ({}, {"to": me}, {"skill": "nothing"}):
        with pytest.raises(Invalid):
            hall.office.do(handoff.transfer, waiting, me, hall.now, **wrong)
    hall.office.do(handoff.transfer, waiting, me, hall.now, skill="mn")
    (entry,) = hall.office.on(queueing.line, "ordos")
    assert entry.need == Need(None, "mn") and entry.urgent


def test_an_absent_operators_conversation_comes_back_to_its_old_place(halls):
    me = halls.sit()
    mine = halls.come("a")
    halls.take(mine, me)
    later = halls.come("b", at=halls.now + MINUTE)
    halls.now += halls.rules.absent
    assert halls.office.do(handoff.absent, halls.now) == (mine,)
    assert halls.office.do(handoff.take_back, mine, halls.now, "请稍等").author is Author.SYSTEM
    assert halls.office.do(handoff.take_back, mine, halls.now, "请稍等") is None, "once"
    line = [entry.conversation_id for entry in halls.office.on(queueing.line, "ordos")]
    assert line == [mine, later]


def test_an_operator_who_came_back_keeps_the_conversation(hall):
    me = hall.sit()
    mine = hall.come("a")
    hall.take(mine, me)
    hall.now += hall.rules.absent
    hall.seen(me)
    assert hall.office.do(handoff.take_back, mine, hall.now, "请稍等") is None
    assert hall.owner(mine) is Owner.OPERATOR


def test_who_leaves_the_queue_is_with_the_bot_and_offered_to_nobody(hall):
    waiting, staff = hall.come("a"), hall.sit()
    hall.round()
    hall.office.on(queueing.leave, waiting, Left.GAVE_UP, hall.now)
    assert hall.owner(waiting) is Owner.BOT and hall.office.on(offers.offer_to, staff, hall.now) is None
    assert hall.position(waiting) is None
    with pytest.raises(Conflict):
        hall.office.on(queueing.leave, waiting, Left.GAVE_UP, hall.now)
    hall.come("a")
    hall.take(waiting, staff)
    with pytest.raises(Conflict):
        hall.office.on(queueing.leave, waiting, Left.GAVE_UP, hall.now)


def test_entering_twice_keeps_the_place(hall):
    waiting = hall.come("a", at=hall.now - MINUTE)
    again = hall.office.on(queueing.enter, waiting, "asked", "police", hall.now)
    (entry,) = hall.office.on(queueing.line, "ordos")
    assert entry.id == again and entry.entered_at == hall.now - MINUTE


def test_calls_to_return_are_noted_once_and_done_once(hall):
    me = hall.sit()
    for _ in range(2):
        hall.office.do(return_calls.ask, "139 0000 0000", "missed", "call-1", hall.now)
    (call,) = hall.office.on(return_calls.open_calls, "ordos")
    assert hall.office.on(return_calls.phone_of, "ordos", call.id) == "13900000000"
    assert hall.office.on(return_calls.phone_of, "guangdong", call.id) is None
    hall.office.on(return_calls.done, "ordos", call.id, me, "reached", hall.now)
    with pytest.raises(Conflict):
        hall.office.on(return_calls.done, "ordos", call.id, me, "reached", hall.now)
    assert hall.office.on(return_calls.open_calls, "ordos") == ()


@pytest.mark.parametrize(
    ("department", "words", "need"),
    [
        ("GA", "转人工", Need("police")),
        ("XFJ", "转人工", Need()),
        ("GA", "我要找社保的人", Need("social")),
        (None, "有会蒙语的吗", Need(None, "mn")),
        (None, "ᠰᠠᠶᠢᠨ ᠪᠠᠶᠢᠨ᠎ᠠ ᠤᠤ", Need(None, "mn")),
    ],
)
def test_the_skill_comes_from_the_wish_else_from_the_items_department(city, department, words, need):
    assert city.desk.need(department, words) == need
