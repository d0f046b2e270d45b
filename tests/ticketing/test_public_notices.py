"""Notices hold for their time, count their tickets, and never end in the past."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from ticketing import intake, public_notices
from ticketing.errors import Invalid, NotFound
from ticketing.models import Role, new_id
from ticketing.public_notices import NoticeDraft

ROUTED = {"department": "GS", "confidence": 0.8, "auto": False, "candidates": [], "kind": "求助", "urgency": "normal"}


@pytest.fixture
def office(everywhere):
    return everywhere


@pytest.fixture
def draft(now):
    return NoticeDraft("water", "因抢修停水。", ("150602",), "天骄街道", "市供水公司", now, now + timedelta(hours=4))


@pytest.fixture
def put_up(office, draft):
    staff = office.hire(Role.OPERATOR).staff_id

    def post(**changes):
        with office.database.write() as session:
            return public_notices.post(session, replace(draft, **changes), "ordos", staff, office.now)

    post.staff = staff
    return post


def running(office, at):
    with office.database.read() as session:
        return [notice.id for notice in public_notices.running(session, "ordos", at)]


def test_a_notice_starts_and_ends_by_itself(office, put_up, now):
    later = put_up(starts_at=now + timedelta(hours=1))
    assert running(office, now) == []
    assert running(office, now + timedelta(hours=1)) == [later]
    assert running(office, now + timedelta(hours=4)) == []


def test_a_notice_belongs_to_its_city(office, put_up, now):
    put_up()
    with office.database.read() as session:
        assert public_notices.running(session, "guangdong", now) == ()


def test_what_was_taken_down_stays_as_a_row(office, put_up, now):
    notice = put_up()
    with office.database.write() as session:
        public_notices.withdraw(session, notice, "ordos", put_up.staff, now)
    assert running(office, now) == []
    with office.database.read() as session:
        (shown,) = public_notices.in_sight(session, "ordos", now)
    assert shown.state(now) == "withdrawn"
    with office.database.write() as session, pytest.raises(NotFound):
        public_notices.withdraw(session, new_id(), "ordos", put_up.staff, now)
    with office.database.write() as session, pytest.raises(NotFound):
        public_notices.withdraw(session, notice, "guangdong", put_up.staff, now)


@pytest.mark.parametrize(("starts", "ends"), [(0, -1), (2, 1), (0, 24 * 91)])
def test_a_notice_that_never_holds_or_never_ends_is_refused(put_up, now, starts, ends):
    with pytest.raises(Invalid):
        put_up(starts_at=now + timedelta(hours=starts), ends_at=now + timedelta(hours=ends))


def test_hundreds_of_tickets_refer_to_one_notice_each_once(office, put_up, draft, now, appeal):
    notice, clerk = put_up(), office.operator
    with office.database.write() as session:
        tickets = [intake.register(session, appeal, ROUTED, office.city, now, clerk, f"k{n}") for n in range(3)]
        for ticket in [*tickets, tickets[0]]:
            public_notices.refer(session, notice, ticket.ticket_id, now)
    with office.database.read() as session:
        (shown,) = public_notices.in_sight(session, "ordos", now)
        assert shown.tickets == 3
        assert set(public_notices.tickets_of(session, notice)) == {ticket.number for ticket in tickets}


@pytest.fixture
def appeal():
    return intake.AppealDraft(
        kind="求助", content="停水三天了", place=None, region="150602", happened=None, phone=None, name=None,
        anonymous=True, confidential=False, wants_reply=False, channel="web", conversation_id=None, city="ordos",
    )  # fmt: skip
