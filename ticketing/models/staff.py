"""The people who work here, and their log-ins."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from ticketing.models.base import Base, new_id


class Role(StrEnum):
    """What a person does here; the workflow table names the roles of every action.

    CITIZEN, BOT and SYSTEM act without a log-in.
    """

    OPERATOR = "operator"
    DISPATCHER = "dispatcher"
    REVIEWER = "reviewer"
    CALLBACK = "callback"
    DEPARTMENT = "department"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"
    CITIZEN = "citizen"
    BOT = "bot"
    SYSTEM = "system"


class Post(StrEnum):
    """A person's place inside a department: 联络员, 承办人, 领导. Without one, all of them (a small unit)."""

    LIAISON = "liaison"
    HOLDER = "holder"
    LEADER = "leader"


class Staff(Base):
    """One account; `department` and `unit_id` bound what a department's people can see."""

    __tablename__ = "staff"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    username: Mapped[str] = mapped_column(unique=True)
    display_name: Mapped[str]
    password_hash: Mapped[str]
    role: Mapped[str]
    department: Mapped[str | None]
    unit_id: Mapped[UUID | None] = mapped_column(ForeignKey("unit.id"))
    post: Mapped[str | None]
    active: Mapped[bool] = mapped_column(default=True)
    demo: Mapped[bool] = mapped_column(default=False)
    failures: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]
    created_at: Mapped[datetime]


class LoginSession(Base):
    """One signed-in browser; the cookie holds a random token of which only the hash is kept."""

    __tablename__ = "login_session"

    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    staff_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"))
    csrf: Mapped[str]
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
