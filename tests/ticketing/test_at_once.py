"""Several people at once: on both databases one wins, the others are told, and nothing is corrupted."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest
from sqlalchemy import func, select

from ticketing import audit, conversations, dispatching, handling, jobs, rounds, surveys
from ticketing.conversations import Inbound
from ticketing.errors import HotlineError
from ticketing.models import Message, OutboxRow, Survey, Ticket, TicketEvent
from ticketing.surveys import SurveyAnswer

THREADS = 6


def at_once(*works):
    """The result or the error of each, all started at the same moment."""
    start = Barrier(len(works))

    def run(work):
        start.wait()
        try:
            return work()
        except HotlineError as error:
            return error

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


def succeeded(results):
    return [result for result in results if not isinstance(result, HotlineError)]


def test_one_of_many_signs(everywhere):
    office = everywhere
    made, handler = office.dispatched(), office.handler
    results = at_once(*[lambda: office.do(handling.sign, made.ticket_id, handler, office.now)] * THREADS)
    assert len(succeeded(results)) == 1
    assert {error.code for error in results if isinstance(error, HotlineError)} == {"illegal_transition"}


@pytest.mark.parametrize("turn", range(3))
def test_two_operators_on_one_ticket_never_corrupt_it(everywhere, turn):
    office = everywhere
    made, one, other = office.register(), office.operator, office.hire(office.operator.role)
    ways = [
        lambda who: office.do(dispatching.dispatch, made.ticket_id, who, office.now, lead_department="CG"),
        lambda who: office.do(dispatching.reject, made.ticket_id, who, office.now, reason_code="court"),
        lambda who: office.do(dispatching.withdraw, made.ticket_id, who, office.now, note="已确认"),
        lambda who: office.do(dispatching.answer_directly, made.ticket_id, who, office.now, answer="已解释。"),
    ]
    at_once(*[lambda way=way, who=who: way(who) for way in ways for who in (one, other)])
    with office.database.read() as session:
        events = session.scalars(
            select(TicketEvent).where(TicketEvent.ticket_id == made.ticket_id).order_by(TicketEvent.seq)
        ).all()
        ticket = session.get_one(Ticket, made.ticket_id)
        assert audit.verify(session) == ()
        assert ticket.version == len(events) - 1
        assert ticket.status == events[-1].to_status
        assert [event.from_status for event in events[1:]] == [event.to_status for event in events[:-1]]


def test_a_registration_asked_for_at_once_is_one_ticket(everywhere):
    office = everywhere
    results = at_once(*[lambda: office.register(key="message-1")] * THREADS)
    assert len({result.number for result in results}) == 1
    with office.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Ticket)) == 1
        assert session.scalar(select(func.count()).select_from(OutboxRow)) == 1


def test_numbers_are_never_doubled(everywhere):
    results = at_once(*[everywhere.register] * THREADS)
    assert len({result.number for result in results}) == THREADS


def test_a_survey_is_answered_by_one(everywhere):
    office = everywhere
    made = office.passed()
    with office.database.read() as session:
        token = rounds.link_token(session, made.ticket_id)
    answers = [SurveyAnswer(True, True, 5), SurveyAnswer(True, False, 1, reason="还在施工")] * 3
    results = at_once(*[lambda a=a: office.do(surveys.submit, token, a, office.now) for a in answers])
    assert len(succeeded(results)) == 1
    with office.database.read() as session:
        assert session.scalar(select(func.count(Survey.answered_at))) == 1


def test_a_doubled_delivery_is_one_message(database, now):
    inbound = Inbound("web", "browser-1", "你好", "m1", "ordos")

    def record(message):
        with database.write() as session:
            return conversations.record(session, message, now)

    results = at_once(*[lambda: record(inbound)] * THREADS)
    assert len({recorded.message_id for recorded in results}) == 1
    others = [replace(inbound, external_id=f"n{i}") for i in range(THREADS)]
    results = at_once(*[lambda m=m: record(m) for m in others])
    assert sorted(recorded.seq for recorded in results) == list(range(2, THREADS + 2))
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Message)) == THREADS + 1


def test_a_message_gets_one_reply_however_many_turns_answer(database, now):
    with database.write() as session:
        recorded = conversations.record(session, Inbound("web", "b", "你好", "m1", "ordos"), now)

    def finish(text):
        with database.write() as session:
            return conversations.finish_turn(
                session,
                message_id=recorded.message_id,
                expected_version=0,
                reply={"text": text},
                text=text,
                redacted="你好",
                flow=None,
                state={},
                now=now,
            )

    results = at_once(*[lambda i=i: finish(f"您好{i}") for i in range(THREADS)])
    assert len({view.text for view in succeeded(results)}) == 1
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Message)) == 2


def test_workers_share_the_outbox_without_doubles(database, now):
    with database.write() as session:
        for n in range(30):
            jobs.enqueue(session, "citizen_message", f"k{n}", {}, now)

    def work():
        mine = []
        while True:
            with database.write() as session:
                taken = jobs.claim(session, now, limit=2)
            if not taken:
                return mine
            mine += [job.key for job in taken]

    results = at_once(*[work] * 4)
    assert sorted(key for keys in results for key in keys) == sorted(f"k{n}" for n in range(30))
