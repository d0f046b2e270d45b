from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, select, text, update

from ticketing import audit, audit_roots
from ticketing.models import AuditRoot, Role, Status, Ticket, TicketEvent
from ticketing.workflow import Actor


@pytest.fixture
def sealed(everywhere):
    """Three tickets that went through, and the root of the day they were written on."""
    office = everywhere
    made = [office.passed() for _ in range(3)]
    office.now = datetime.now(UTC) + timedelta(days=1)
    office.now = datetime.combine(office.now.date(), datetime.min.time(), UTC) + timedelta(hours=4)
    assert office.do(audit_roots.seal_days, office.now) is not None
    return office, made


def findings(office):
    with office.database.read() as session:
        return [(one.what, one.number, one.seq) for one in audit_roots.check(session).findings]


def test_what_nobody_touched_is_whole(sealed):
    office, made = sealed
    assert findings(office) == []
    assert office.do(audit_roots.seal_days, office.now) is None
    with office.database.read() as session:
        report = audit_roots.check(session)
    assert (report.tickets, len(report.roots), len(report.last_root)) == (3, 1, 64)
    assert report.events == 6 * len(made)


def test_a_cut_off_end_shows_in_the_root_and_the_status(sealed):
    office, (one, *_) = sealed
    with office.database.write() as session:
        last = session.scalars(
            select(TicketEvent).where(TicketEvent.ticket_id == one.ticket_id).order_by(TicketEvent.seq.desc())
        ).first()
        session.execute(delete(TicketEvent).where(TicketEvent.id == last.id))
    assert {what for what, *_ in findings(office)} == {"status", "root"}


def test_a_cut_off_end_shows_even_when_the_status_is_put_back(sealed):
    office, (one, *_) = sealed
    with office.database.write() as session:
        events = session.scalars(
            select(TicketEvent).where(TicketEvent.ticket_id == one.ticket_id).order_by(TicketEvent.seq)
        ).all()
        session.execute(delete(TicketEvent).where(TicketEvent.id == events[-1].id))
        session.execute(update(Ticket).where(Ticket.id == one.ticket_id).values(status=events[-2].to_status))
    assert [what for what, *_ in findings(office)] == ["root"]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE ticket_event SET actor_role='admin' WHERE seq=2",
        "UPDATE ticket_event SET department='GA' WHERE seq=4",
        "UPDATE ticket_event SET seq=seq+10 WHERE seq=5",
        "UPDATE ticket SET status='closed'",
        "DELETE FROM ticket_event",
        "UPDATE audit_root SET events=events-1",
        "DELETE FROM ticket_event WHERE seq=3",
    ],
)
def test_any_change_is_found(sealed, change):
    office, _ = sealed
    with office.database.write() as session:
        session.execute(text(change))
    assert findings(office)


def test_a_rewritten_chain_does_not_fit_its_root(sealed):
    """Who can compute hashes makes the chain fit again; the day's root still shows it."""
    office, (one, *_) = sealed
    with office.database.write() as session:
        events = session.scalars(
            select(TicketEvent).where(TicketEvent.ticket_id == one.ticket_id).order_by(TicketEvent.seq)
        ).all()
        events[2].department = "GA"
        previous = events[1].hash
        for event in events[2:]:
            event.previous_hash = previous
            columns = {c.name: getattr(event, c.name) for c in TicketEvent.__table__.columns}
            event.hash = previous = audit.digest(columns)
    assert [what for what, *_ in findings(office)] == ["root"]


def test_old_dates_written_later_break_no_root(sealed):
    office, (one, *_) = sealed
    before = office.now - timedelta(days=400)
    with office.database.write() as session:
        status = Status(session.get_one(Ticket, one.ticket_id).status)
        audit.append(
            session, one.ticket_id, "contact", Actor(Role.SYSTEM), before, from_status=status, to_status=status, data={}
        )
    assert findings(office) == []


def test_days_without_work_get_their_roots_in_order(sealed):
    office, _ = sealed
    office.now += timedelta(days=3)
    assert office.do(audit_roots.seal_days, office.now) is not None
    with office.database.read() as session:
        roots = session.scalars(select(AuditRoot).order_by(AuditRoot.day)).all()
    assert [root.events for root in roots] == [18, 0] and roots[1].previous_root == roots[0].root
    assert findings(office) == []


def test_a_day_that_just_began_waits(everywhere):
    everywhere.now = datetime(2026, 3, 3, 16, 5, tzinfo=UTC)  # five past midnight in the city
    assert everywhere.do(audit_roots.seal_days, everywhere.now) is None
    everywhere.now += timedelta(minutes=6)
    assert everywhere.do(audit_roots.seal_days, everywhere.now) == "2026-03-03"
