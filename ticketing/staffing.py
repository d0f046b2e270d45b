"""Who works where (人员岗位): role, department, unit and post of every account, as the administrator sets them."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from ticketing import accounts
from ticketing.accounts import PEOPLE
from ticketing.city import City
from ticketing.errors import Conflict, Invalid, NotFound
from ticketing.models import Desk, LoginSession, Post, Role, Staff, Unit

AT_DESKS = frozenset({Role.OPERATOR, Role.DISPATCHER})
_MOST = 500


@dataclass(frozen=True, slots=True)
class Place:
    """Where a person works; unit and post only inside a department."""

    role: str
    department: str | None = None
    unit_id: UUID | None = None
    post: str | None = None


@dataclass(frozen=True, slots=True)
class StaffView:
    """One account for the administrator; `skills` is None for who has no desk."""

    id: UUID
    username: str
    display_name: str
    role: str
    department: str | None
    unit_id: UUID | None
    unit: str | None
    post: str | None
    active: bool
    locked_until: datetime | None
    skills: frozenset[str] | None
    capacity: int | None


def people(session: Session, *, role: str | None = None, department: str | None = None) -> tuple[StaffView, ...]:
    """The accounts, the open ones first, by role and name."""
    query = (
        select(Staff, Unit.name, Desk.skills, Desk.capacity)
        .outerjoin(Unit, Unit.id == Staff.unit_id)
        .outerjoin(Desk, Desk.staff_id == Staff.id)
        .order_by(Staff.active.desc(), Staff.role, Staff.department, Staff.username)
    )
    query = query.where(Staff.role == role) if role else query
    query = query.where(Staff.department == department) if department else query
    return tuple(_view(*row) for row in session.execute(query.limit(_MOST)))


def person(session: Session, staff_id: UUID) -> StaffView:
    """One account."""
    query = select(Staff, Unit.name, Desk.skills, Desk.capacity).where(Staff.id == staff_id)
    row = session.execute(
        query.outerjoin(Unit, Unit.id == Staff.unit_id).outerjoin(Desk, Desk.staff_id == Staff.id)
    ).first()
    if row is None:
        raise NotFound("account_not_found")
    return _view(*row)


def _view(staff: Staff, unit: str | None, skills: list[str] | None, capacity: int | None) -> StaffView:
    return StaffView(
        staff.id,
        staff.username,
        staff.display_name,
        staff.role,
        staff.department,
        staff.unit_id,
        unit,
        staff.post,
        staff.active,
        staff.locked_until,
        None if skills is None else frozenset(skills),
        capacity,
    )


def hire(session: Session, city: City, *, username: str, display_name: str, place: Place, now: datetime) -> str:
    """A new account; returns its first password, told this once."""
    _check(session, city, place)
    if not display_name.strip():
        raise Invalid("field_missing", field="display_name")
    password = _new_password()
    role = Role(place.role)
    staff_id = accounts.create_staff(
        session, username=username, display_name=display_name.strip(), password=password, role=role, now=now,
        department=place.department,
    )  # fmt: skip
    made = session.get_one(Staff, staff_id)
    made.unit_id, made.post = place.unit_id, place.post
    session.flush()
    return password


def assign(session: Session, city: City, staff_id: UUID, place: Place, by: UUID) -> None:
    """Give a person another place; it holds from their next click on. Nobody changes their own role."""
    _check(session, city, place)
    staff = _open_account(session, staff_id)
    if staff_id == by and place.role != staff.role:
        raise Conflict("own_account")
    staff.role, staff.department, staff.unit_id, staff.post = place.role, place.department, place.unit_id, place.post
    session.flush()


def _check(session: Session, city: City, place: Place) -> None:
    if place.role not in PEOPLE:
        raise Invalid("role_invalid", field="role")
    inside = place.role == Role.DEPARTMENT
    if inside != (place.department is not None) or (inside and place.department not in city.departments):
        raise Invalid("role_invalid", field="department")
    if place.post is not None and (not inside or place.post not in set(Post)):
        raise Invalid("post_unfit", field="post")
    if place.unit_id is None:
        return
    unit = select(Unit.id).where(Unit.id == place.unit_id, Unit.city == city.code, Unit.active)
    if session.execute(unit.where(Unit.department == place.department)).first() is None:
        raise Invalid("unit_unfit", field="unit")


def close(session: Session, staff_id: UUID, by: UUID) -> None:
    """停用: nobody signs in with the account any more. Nobody closes their own."""
    if staff_id == by:
        raise Conflict("own_account")
    accounts.close_account(session, staff_id)


def reopen(session: Session, staff_id: UUID) -> None:
    """启用: the account is open again, with the password it had."""
    staff = session.get(Staff, staff_id)
    if staff is None:
        raise NotFound("account_not_found")
    staff.active = True
    session.flush()


def reset_password(session: Session, staff_id: UUID) -> str:
    """A new password, told this once; whoever is signed in with the old one is out, a lock-out ends."""
    staff = _open_account(session, staff_id)
    password = _new_password()
    staff.password_hash, staff.failures, staff.locked_until = accounts.hash_password(password), 0, None
    session.execute(delete(LoginSession).where(LoginSession.staff_id == staff_id))
    session.flush()
    return password


def _open_account(session: Session, staff_id: UUID) -> Staff:
    found = session.execute(
        select(Staff).where(Staff.id == staff_id, Staff.active).with_for_update()
    ).scalar_one_or_none()
    if found is None:
        raise NotFound("account_not_found")
    return found


def _new_password() -> str:
    return secrets.token_urlsafe(12)
