from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from uuid import UUID

import pytest

from integrations.database.engine import Database
from ticketing import callbacks, dispatching, handling, intake
from ticketing.city import City
from ticketing.intake import AppealDraft
from ticketing.models import Role, Staff, Ticket, new_id
from ticketing.workflow import Actor

PACKS = Path(__file__).parents[2] / "nlu_data" / "city"
NOW = datetime(2026, 3, 3, 2, 0, tzinfo=UTC)  # a Tuesday, 10:00 in the city

DRAFT = AppealDraft(
    kind="投诉",
    content="楼下工地半夜施工吵得睡不着。我的电话是13900000000。",
    place="东胜区某小区3号楼",
    region="150602",
    happened="每天夜里",
    phone="139 0000 0000",
    name="市民-0001",
    anonymous=False,
    confidential=False,
    wants_reply=True,
    channel="web",
    conversation_id=None,
    city="ordos",
)
RECOMMENDATION = {
    "department": "CG",
    "confidence": 0.8,
    "auto": False,
    "candidates": [{"department": "CG", "confidence": 0.8, "why": ["施工噪音"]}],
    "kind": "投诉",
    "urgency": "normal",
    "region": {"code": "150602", "name": "东胜区"},
}
BOT = Actor(Role.BOT)
SYSTEM = Actor(Role.SYSTEM)
CITIZEN = Actor(Role.CITIZEN)


@pytest.fixture
def now():
    return NOW


@pytest.fixture(scope="session")
def city():
    return City.load(PACKS / "ordos")


@dataclass
class Office:
    """A ticket office in miniature: a database, a city, and one person for each desk."""

    database: Database
    city: City
    now: datetime

    @cached_property
    def operator(self) -> Actor:
        return self.hire(Role.OPERATOR)

    @cached_property
    def reviewer(self) -> Actor:
        return self.hire(Role.REVIEWER)

    @cached_property
    def caller(self) -> Actor:
        return self.hire(Role.CALLBACK)

    @cached_property
    def supervisor(self) -> Actor:
        return self.hire(Role.SUPERVISOR)

    @cached_property
    def handler(self) -> Actor:
        return self.hire(Role.DEPARTMENT, "CG")

    def hire(self, role: Role, department: str | None = None) -> Actor:
        with self.database.write() as session:
            staff = Staff(
                id=new_id(),
                username=f"{role}-{new_id()}",
                display_name=role.value,
                password_hash="",
                role=role,
                department=department,
                created_at=self.now,
            )
            session.add(staff)
        return Actor(role, staff.id, department)

    def do(self, work, *args, **kwargs):
        with self.database.write() as session:
            return work(session, self.city, *args, **kwargs)

    def on(self, work, *args, **kwargs):
        """As `do`, for work that needs no city."""
        with self.database.write() as session:
            return work(session, *args, **kwargs)

    def register(self, recommendation=RECOMMENDATION, key=None, **changed):
        draft = replace(DRAFT, **changed)
        with self.database.write() as session:
            return intake.register(session, draft, recommendation, self.city, self.now, BOT, key)

    def ticket(self, ticket_id: UUID) -> Ticket:
        with self.database.read() as session:
            return session.get_one(Ticket, ticket_id)

    def dispatched(self, **changed):
        made = self.register(**changed)
        self.do(dispatching.dispatch, made.ticket_id, self.operator, self.now, lead_department="CG")
        return made

    def answered(self, **changed):
        made = self.dispatched(**changed)
        self.handle(made.ticket_id)
        return made

    def handle(self, ticket_id):
        self.do(handling.sign, ticket_id, self.handler, self.now)
        self.do(handling.answer, ticket_id, self.handler, self.now, answer="已责令停工。", outcome_code="solved")

    def passed(self, **changed):
        made = self.answered(**changed)
        self.do(handling.pass_answer, made.ticket_id, self.reviewer, self.now)
        return made

    def due_callbacks(self):
        with self.database.read() as session:
            return callbacks.due_callbacks(session, self.city)


@pytest.fixture
def office(sqlite, city, now):
    return Office(sqlite, city, now)


@pytest.fixture
def everywhere(database, city, now):
    """The office on SQLite and on PostgreSQL."""
    return Office(database, city, now)


@pytest.fixture
def draft():
    return DRAFT
