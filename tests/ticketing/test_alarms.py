"""An alarm is raised once, waits for a person, and reaches the duty leader when nobody comes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from ticketing import alarms, jobs
from ticketing.alarms import ALARM, Alarm, AlarmTimes
from ticketing.errors import NotFound
from ticketing.models import AlarmLevel, Role, new_id

TIMES = AlarmTimes(timedelta(minutes=3), timedelta(minutes=30))
FIRE = Alarm("m1", "ordos", AlarmLevel.EMERGENCY, "fire", "119", None, "web", "三楼着火了")
RISK = Alarm("m2", "ordos", AlarmLevel.RISK, "crowd", None, None, "web", "几十个工人要去堵路")


@pytest.fixture
def office(everywhere):
    return everywhere


@pytest.fixture
def ring(office, now):
    def ring(alarm):
        with office.database.write() as session:
            return alarms.raise_alarm(session, alarm, TIMES, now)

    return ring


def shown(office, role):
    with office.database.read() as session:
        return [(one.name, one.words) for one in alarms.ringing(session, "ordos", role)]


def test_one_message_rings_once_and_wakes_the_screens(office, ring, now):
    assert ring(FIRE) is not None
    assert ring(FIRE) is None
    assert shown(office, Role.OPERATOR) == [("fire", "三楼着火了")]
    with office.database.write() as session:
        assert [job.kind for job in jobs.claim(session, now)] == [ALARM]


def test_what_nobody_acknowledges_goes_to_the_duty_leader_once(office, ring, now):
    ring(FIRE)
    assert shown(office, Role.SUPERVISOR) == []
    late = now + timedelta(minutes=3)
    with office.database.write() as session:
        assert alarms.escalate(session, now + timedelta(minutes=2)) == 0
        assert alarms.next_escalation(session) == late
        assert alarms.escalate(session, late) == 1
        assert alarms.escalate(session, late) == 0
    assert shown(office, Role.SUPERVISOR) == [("fire", "三楼着火了")]


def test_a_risk_rings_at_the_leaders_too_and_has_a_time_to_be_reported(office, ring, now):
    alarm = ring(RISK)
    assert shown(office, Role.SUPERVISOR) == shown(office, Role.OPERATOR) == [("crowd", "几十个工人要去堵路")]
    leader = office.hire(Role.SUPERVISOR).staff_id
    with office.database.write() as session:
        assert alarms.latest(session, "ordos")[0].report_due == now + timedelta(minutes=30)
        alarms.reported(session, alarm, "ordos", leader, now + timedelta(minutes=5))
        alarms.reported(session, alarm, "ordos", leader, now + timedelta(minutes=9))
        assert alarms.latest(session, "ordos")[0].reported_at == now + timedelta(minutes=5)


def test_the_first_who_acknowledges_is_kept_and_it_goes_nowhere_else(office, ring, now):
    alarm = ring(FIRE)
    first, second = office.hire(Role.OPERATOR).staff_id, office.hire(Role.SUPERVISOR).staff_id
    with office.database.write() as session:
        alarms.acknowledge(session, alarm, "ordos", first, now)
        alarms.acknowledge(session, alarm, "ordos", second, now + timedelta(minutes=1))
        assert alarms.escalate(session, now + timedelta(hours=1)) == 0
        (kept,) = alarms.latest(session, "ordos")
    assert (kept.acknowledged_at, kept.open) == (now, False)
    assert shown(office, Role.OPERATOR) == []


def test_another_citys_alarm_is_not_there(office, ring, now):
    alarm = ring(replace(FIRE, city="guangdong"))
    assert shown(office, Role.OPERATOR) == []
    staff = office.hire(Role.OPERATOR).staff_id
    for unknown in (alarm, new_id()):
        with office.database.write() as session, pytest.raises(NotFound):
            alarms.acknowledge(session, unknown, "ordos", staff, now)
