from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from routing.catalogue import Catalogue
from ticketing import dispatching, learning, lessons
from ticketing.models import Cause, Lesson, Role, new_id

NLU_DATA = Path(__file__).parents[2] / "nlu_data"


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue.load(NLU_DATA)


def _harvest(office):
    with office.database.write() as session:
        lessons.harvest(session, office.city, office.now)
    with office.database.read() as session:
        return list(session.scalars(select(Lesson)))


def _advised(department):
    return {"department": department, "confidence": 0.7, "model_version": "m1", "urgency": "normal"}


def test_an_answered_ticket_teaches_who_was_competent_in_redacted_words(everywhere):
    made = everywhere.register(recommendation=_advised("GA"))
    everywhere.do(dispatching.dispatch, made.ticket_id, everywhere.operator, everywhere.now, lead_department="CG")
    assert _harvest(everywhere) == []
    everywhere.handle(made.ticket_id)
    (lesson,) = _harvest(everywhere)
    assert (lesson.recommended, lesson.department, lesson.cause) == ("GA", "CG", Cause.DISPATCH)
    assert "13900000000" not in lesson.text
    assert len(_harvest(everywhere)) == 1


def test_an_upheld_return_is_told_apart(office):
    made = office.register(recommendation=_advised("GA"))
    dispatcher, police = office.hire(Role.DISPATCHER), "GA"
    office.do(dispatching.dispatch, made.ticket_id, dispatcher, office.now, lead_department=police)
    office.do(
        dispatching.take_back,
        made.ticket_id,
        dispatcher,
        office.now,
        reason_code="not_ours",
        note="城管职责，依据三定方案",
    )
    office.do(dispatching.dispatch, made.ticket_id, dispatcher, office.now, lead_department="CG")
    office.handle(made.ticket_id)
    (lesson,) = _harvest(office)
    assert (lesson.cause, lesson.department) == (Cause.RETURN, "CG")


def test_lessons_say_what_the_model_in_use_has_seen(office):
    office.answered()
    _harvest(office)
    with office.database.read() as session:
        (fresh,) = lessons.lessons(session, office.city, office.now, None)
        (seen,) = lessons.lessons(session, office.city, office.now + timedelta(weeks=5), office.now)
    assert (fresh.seen, fresh.recent) == (False, True)
    assert (seen.seen, seen.recent) == (True, False)


def _lesson(office, recommended, department, weeks=0):
    return Lesson(
        id=new_id(),
        ticket_id=office.register().ticket_id,
        city="ordos",
        cause=Cause.DISPATCH,
        text="工地半夜施工",
        kind="投诉",
        urgency="normal",
        recommended=recommended,
        department=department,
        confidence=0.5,
        model_version="m1",
        learned_at=office.now - timedelta(weeks=weeks),
    )


def test_the_report_counts_agreement_confusion_and_drift(office, catalogue):
    rows = [_lesson(office, "CG", "CG", weeks=8) for _ in range(4)]
    rows += [_lesson(office, "GA", "CG"), _lesson(office, "GA", "GA"), _lesson(office, "GR", "GR")]
    with office.database.write() as session:
        session.add_all(rows)
    with office.database.read() as session:
        found = learning.report(session, office.city, catalogue, office.now)
    assert [(week.tickets, round(week.agreed, 2)) for week in found.weeks] == [(3, 0.67), (4, 1.0)]
    assert [(one.recommended, one.department, one.tickets) for one in found.confusions] == [("GA", "CG", 1)]
    assert found.accuracy[0].department == "CG"
    assert found.accuracy[0].recall == 0.8
    assert {one.department: one.precision for one in found.accuracy}["GA"] == 0.5
    assert found.drifted


def test_a_steady_mix_has_not_drifted(office):
    rows = [_lesson(office, "CG", code, weeks) for weeks in (0, 8) for code in ("CG", "GA")]
    assert learning.drift(rows, office.now) == 0.0
    assert learning.drift([], office.now) == 0.0


def test_what_is_returned_twice_proposes_a_change_of_the_catalogue(office, catalogue):
    made = office.register(recommendation=_advised("GA"))
    dispatcher = office.hire(Role.DISPATCHER)
    for department in ("GA", "HB"):
        office.do(dispatching.dispatch, made.ticket_id, dispatcher, office.now, lead_department=department)
        office.do(
            dispatching.take_back,
            made.ticket_id,
            dispatcher,
            office.now,
            reason_code="not_ours",
            note="不属于我单位职责",
        )
    with office.database.read() as session:
        (bounce,) = learning.bounces(session, office.city, catalogue, office.now)
    assert bounce.between == ("GA", "HB")
    assert (bounce.settled, bounce.numbers) == (None, (made.number,))
