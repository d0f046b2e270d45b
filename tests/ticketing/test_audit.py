from __future__ import annotations

import pytest
from sqlalchemy import delete, update

from ticketing import audit
from ticketing.models import TicketEvent


def breaches(office):
    with office.database.read() as session:
        return [(breach.seq, breach.what) for breach in audit.verify(session)]


def test_an_untouched_chain_holds(everywhere):
    everywhere.passed()
    everywhere.dispatched(content="另一件事，路灯不亮。")
    assert breaches(everywhere) == []


@pytest.mark.parametrize(
    "changed", [{"action": "close"}, {"data": {"department": "ZJ"}}, {"actor_role": "admin"}, {"note_sealed": b"x"}]
)
def test_any_change_of_a_row_is_found(office, changed):
    made = office.dispatched()
    with office.database.write() as session:
        session.execute(update(TicketEvent).where(TicketEvent.seq == 2).values(**changed))
    assert breaches(office) == [(2, "row")]
    with office.database.read() as session:
        assert len(audit.verify(session, made.ticket_id)) == 1


def test_a_row_taken_out_or_rehashed_is_found(office):
    office.dispatched()
    with office.database.write() as session:
        session.execute(delete(TicketEvent).where(TicketEvent.seq == 2))
    assert breaches(office) == [(3, "link")]


def test_a_forged_hash_breaks_the_link_after_it(office):
    office.dispatched()
    with office.database.write() as session:
        event = session.query(TicketEvent).filter_by(seq=1).one()
        event.action = "close"
        row = {column.name: getattr(event, column.name) for column in TicketEvent.__table__.c}
        event.hash = audit.digest(row)
    assert breaches(office) == [(2, "link")]
