"""The made-up history holds every rule that real work holds."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from integrations import seed
from integrations.demo.build import FIRST_SET, build, first_set
from integrations.demo.world import FIRST_PHONE
from ticketing import audit_roots, intake, measuring, queries, units
from ticketing.city import City
from ticketing.measuring import Question
from ticketing.metrics import METRICS, Accounting
from ticketing.models import Citizen, Clock, Role, Staff, Survey, Ticket, TicketEvent, new_id
from ticketing.numbering import read_number
from ticketing.privacy import unseal
from ticketing.workflow import OPEN, TABLE, Action, Actor

UNTIL = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
DAYS = 120


@pytest.fixture(scope="session")
def city(nlu_data):
    return City.load(nlu_data / "city" / "ordos")


@pytest.fixture
def ready(database, nlu_data, city):
    """A database with units and demo people."""
    with database.write() as session:
        units.seed(session, city, nlu_data / "city" / "ordos")
        for account in (*seed.DEMO_ACCOUNTS, *seed._other_departments(nlu_data)):
            session.add(
                Staff(
                    id=new_id(), username=account.username, display_name=account.title, password_hash="",
                    role=account.role, department=account.department, created_at=UNTIL,
                )
            )  # fmt: skip
    return database


def write(database, city, nlu_data, tickets=300, **more):
    with database.write() as session:
        return build(session, city, nlu_data, UNTIL, **({"tickets": tickets, "days": DAYS, "seed": 1} | more))


def test_a_year_is_whole_and_verifies(ready, city, nlu_data):
    assert write(ready, city, nlu_data) == 300
    with ready.read() as session:
        report = audit_roots.check(session)
        assert (report.tickets, report.findings) == (300, ())
        _steps_are_of_the_workflow(session)
        _times_fit(session)
        assert session.execute(select(func.count()).select_from(Survey)).scalar_one() > 100
        question = Question(Accounting.COHORT, UNTIL - timedelta(days=DAYS), UNTIL, UNTIL)
        figures = measuring.measure(session, city, question)
        for code in set(METRICS) - {"connected", "connected_15s", "items_in_hall", "items_online"}:
            assert figures[code].everything.value is not None, code
        assert Decimal(60) < figures["satisfied"].everything.value < Decimal(99)


def _steps_are_of_the_workflow(session):
    for action, before, after in session.execute(
        select(TicketEvent.action, TicketEvent.from_status, TicketEvent.to_status).distinct()
    ):
        if before and before != after:
            assert TABLE[before, Action(action)].to == after


def _times_fit(session):
    assert session.execute(select(func.max(TicketEvent.at))).scalar_one() <= UNTIL
    for ticket in session.scalars(select(Ticket).limit(80)):
        times = session.scalars(
            select(TicketEvent.at).where(TicketEvent.ticket_id == ticket.id).order_by(TicketEvent.seq)
        )
        times = list(times)
        assert times == sorted(times)
        finish = select(Clock.due_at).where(Clock.ticket_id == ticket.id, Clock.name == "finish")
        latest = session.scalars(finish.order_by(Clock.revision.desc())).first()
        assert ticket.finish_due is None or ticket.finish_due == latest
        assert read_number(ticket.number) == ticket.number


def test_the_same_seed_gives_the_same_history(ready, city, nlu_data):
    def told(database):
        columns = (Ticket.number, Ticket.title, Ticket.status, Ticket.registered_at, Ticket.lead_department)
        with database.read() as session:
            return session.execute(select(*columns).order_by(Ticket.number)).all()

    write(ready, city, nlu_data, tickets=40)
    first = told(ready)
    assert write(ready, city, nlu_data, tickets=40) == 0
    assert told(ready) == first
    write(ready, city, nlu_data, tickets=5, seed=2)
    assert len(told(ready)) == 45


def test_nobody_real_is_named(ready, city, nlu_data):
    write(ready, city, nlu_data, tickets=40)
    with ready.read() as session:
        for citizen in session.scalars(select(Citizen)):
            number = int(unseal(session, citizen.phone_sealed))
            assert FIRST_PHONE < number < FIRST_PHONE + 100_000
            assert unseal(session, citizen.name_sealed) == f"市民-{number - FIRST_PHONE:04d}"


def test_the_first_start_shows_every_state(ready, city, nlu_data):
    with ready.write() as session:
        assert first_set(session, city, nlu_data, UNTIL) == FIRST_SET
        assert first_set(session, city, nlu_data, UNTIL) == 0
    with ready.read() as session:
        found = Counter(session.scalars(select(Ticket.status)))
        assert set(map(str, OPEN)) <= found.keys()
        admin = Actor(Role.ADMIN)
        rows = queries.tickets(session, city, admin)
        assert [row.registered_at for row in rows] == sorted((row.registered_at for row in rows), reverse=True)
        assert queries.ticket_page(session, admin, rows[0].id).content


def test_real_work_goes_on_after_it(ready, city, nlu_data):
    write(ready, city, nlu_data, tickets=30, days=2)
    draft = intake.AppealDraft(
        kind="投诉", content="路灯不亮", place=None, region=None, happened=None, phone=None, name=None, anonymous=True,
        confidential=False, wants_reply=False, channel="web", conversation_id=None, city=city.code,
    )  # fmt: skip
    with ready.write() as session:
        made = intake.register(session, draft, {}, city, UNTIL - timedelta(hours=12), Actor(Role.BOT), None)
        numbers = session.scalars(select(Ticket.number)).all()
    assert len(numbers) == len(set(numbers)) == 31
    assert made.number in numbers
