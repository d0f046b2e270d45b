"""Migrations go down and up with rows present: what both schemas know is kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, select, text

from integrations.database import migrate
from integrations.database.engine import Database
from ticketing import audit, dispatching, handling, intake, requests, supervision, units
from ticketing.city import City
from ticketing.intake import AppealDraft
from ticketing.models import RequestKind, Role, Staff, Ticket, new_id
from ticketing.privacy import Vault
from ticketing.requests import Wish
from ticketing.workflow import Actor

NOW = datetime(2026, 3, 3, 2, 0, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "postgresql"])
def migrated(request: pytest.FixtureRequest, tmp_path: Path, vault: Vault) -> Database:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'rows.db'}"
    else:
        server = request.getfixturevalue("postgres")
        admin = create_engine(server, isolation_level="AUTOCOMMIT")
        name = f"rows_{new_id().hex}"
        with admin.connect() as connection:
            connection.execute(text(f'CREATE DATABASE "{name}"'))
        admin.dispose()
        url = make_url(server).set(database=name).render_as_string(hide_password=False)
    database = Database(url, vault)
    request.addfinalizer(database.close)
    migrate.upgrade(database.engine)
    return database


def hire(session, role: Role, department: str | None = None) -> Actor:
    person = {"display_name": role.value, "password_hash": "", "role": role, "department": department}
    staff = Staff(id=new_id(), username=f"{role}-{new_id()}", created_at=NOW, **person)
    session.add(staff)
    session.flush()
    return Actor(role, staff.id, department)


def fill(database: Database, city: City, folder: Path) -> str:
    """A ticket with a dispatch, a request and an instruction."""
    draft = AppealDraft(
        "投诉", "路灯不亮", None, None, None, "13900000001", None, False, False, True, "web", None, "ordos"
    )
    with database.write() as session:
        units.seed(session, city, folder)
        dispatcher, handler = hire(session, Role.DISPATCHER), hire(session, Role.DEPARTMENT, "CG")
        judge = hire(session, Role.SUPERVISOR)
        made = intake.register(session, draft, {}, city, NOW, Actor(Role.BOT), None)
        dispatching.dispatch(session, city, made.ticket_id, dispatcher, NOW, lead_department="CG", assisting=("GA",))
        handling.sign(session, city, made.ticket_id, handler, NOW)
        wish = Wish(RequestKind.SUSPENSION, "season", "冬季。", until=NOW + timedelta(days=9))
        requests.ask(session, city, made.ticket_id, handler, NOW, wish)
        order = {"level": "key", "owner": "分管局长", "instruction": "查清"}
        supervision.supervise(session, city, made.ticket_id, judge, NOW, **order)
    return made.number


def test_down_to_the_first_and_up_again_with_rows(migrated: Database, nlu_data: Path) -> None:
    folder = nlu_data / "city" / "ordos"
    number = fill(migrated, City.load(folder), folder)
    migrate.downgrade(migrated.engine, "0001")
    with migrated.engine.connect() as connection:
        assert connection.execute(text("SELECT number FROM ticket")).scalars().all() == [number]
        assert connection.execute(text("SELECT count(*) FROM assignment")).scalar() == 2
        assert connection.execute(text("SELECT count(*) FROM staff")).scalar() == 3
    migrate.upgrade(migrated.engine)
    assert migrate.is_current(migrated.engine)
    with migrated.read() as session:
        ticket = session.scalars(select(Ticket)).one()
        assert (ticket.number, ticket.return_count, ticket.lead_department) == (number, 0, "CG")
        assert audit.verify(session) == ()
