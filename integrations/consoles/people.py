"""Who works where (人员岗位) for the administrator: role, department, unit, post, skills; who may sign in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import structlog
from aiohttp import web
from sqlalchemy.orm import Session

from integrations.bootstrap import HOUSE, House
from integrations.consoles.access import FORM, PERSON, page
from integrations.consoles.forms import Form, uuid_of
from integrations.consoles.pages import PAGES
from integrations.consoles.words import now
from integrations.middleware import status_of
from ticketing import desks, staffing, units
from ticketing.accounts import PEOPLE
from ticketing.errors import HotlineError, Invalid
from ticketing.models import Post, Role
from ticketing.staffing import AT_DESKS, Place, StaffView
from ticketing.units import UnitView

log = structlog.get_logger()
PAGE = "/console/people"
_ROLES = [role for role in Role if role in PEOPLE]


async def people_page(request: web.Request) -> web.StreamResponse:
    """`GET /console/people[?role=…&department=…]`."""
    return await _list(request)


async def _list(
    request: web.Request,
    *,
    error: HotlineError | None = None,
    password: str | None = None,
    given: Mapping[str, Any] | None = None,
) -> web.Response:
    house = request.app[HOUSE]
    role, department = request.query.get("role", "")[:20], request.query.get("department", "")[:20]
    rows = await house.database.reading(_people, role, department)
    told = request.app[PAGES].words.error(error) if error else None
    return page(
        request, "people.html", here="people", status=status_of(error) if error else 200, rows=rows, roles=_ROLES,
        departments=sorted(house.city.departments), picked=(role, department), skills=house.city.desk.names,
        error=told, password=password, given=given or {},
    )  # fmt: skip


def _people(session: Session, role: str, department: str) -> tuple[StaffView, ...]:
    return staffing.people(session, role=role or None, department=department or None)


async def hire(request: web.Request) -> web.StreamResponse:
    """`POST /console/people`: a new account; its first password is on the answer's page and nowhere else."""
    house, form = request.app[HOUSE], request[FORM]
    given = {"username": form.text("username", 40), "display_name": form.text("display_name", 40)}
    place = Place(form.text("role"), form.optional("department"))
    try:
        password = await house.database.writing(_hire, house, given, place)
    except HotlineError as error:
        return await _list(request, error=error, given=given | {"role": place.role, "department": place.department})
    log.info("staff_hired", account=given["username"], role=place.role, by=str(request[PERSON].staff_id))
    return await _list(request, password=password, given={})


def _hire(session: Session, house: House, given: Mapping[str, str], place: Place) -> str:
    return staffing.hire(session, house.city, place=place, now=now(), **given)


async def person_page(request: web.Request) -> web.StreamResponse:
    """`GET /console/people/{id}`: one account and its place."""
    return await _person(request)


async def _person(
    request: web.Request, *, error: HotlineError | None = None, password: str | None = None
) -> web.Response:
    house, staff_id = request.app[HOUSE], _staff_id(request)
    one, inside = await house.database.reading(_read, house, staff_id)
    told = request.app[PAGES].words.error(error) if error else None
    return page(
        request, "person.html", here="people", status=status_of(error) if error else 200, one=one, units=inside,
        roles=_ROLES, posts=list(Post), departments=sorted(house.city.departments), skills=house.city.desk.names,
        at_desk=one.role in AT_DESKS, chats=one.capacity or house.city.desk.chats, most=desks.MAX_CHATS, error=told,
        password=password,
    )  # fmt: skip


def _read(session: Session, house: House, staff_id: UUID) -> tuple[StaffView, tuple[UnitView, ...]]:
    one = staffing.person(session, staff_id)
    return one, units.of_department(session, house.city, one.department) if one.department else ()


async def assign(request: web.Request) -> web.StreamResponse:
    """`POST /console/people/{id}/place`: role, department, unit and post."""
    house, staff_id, form, person = request.app[HOUSE], _staff_id(request), request[FORM], request[PERSON]
    try:
        place = _place(form)
        await house.database.writing(staffing.assign, house.city, staff_id, place, person.staff_id)
    except HotlineError as error:
        return await _person(request, error=error)
    log.info("staff_assigned", staff=str(staff_id), role=place.role, by=str(person.staff_id))
    raise web.HTTPSeeOther(f"{PAGE}/{staff_id}?done=staff_assigned")


def _place(form: Form) -> Place:
    """Outside a department there is neither unit nor post, whatever the form still says."""
    role = form.text("role")
    if role != Role.DEPARTMENT:
        return Place(role)
    try:
        unit = uuid_of(unit_text) if (unit_text := form.text("unit", 40)) else None
    except ValueError as error:
        raise Invalid("unit_unfit", field="unit") from error
    return Place(role, form.optional("department"), unit, form.optional("post"))


async def equip(request: web.Request) -> web.StreamResponse:
    """`POST /console/people/{id}/skills`: what they take and how many at once, desk or not."""
    house, staff_id, form = request.app[HOUSE], _staff_id(request), request[FORM]
    try:
        await house.database.writing(_equip, house, staff_id, form.several("skills"), form.number("chats") or 0)
    except HotlineError as error:
        return await _person(request, error=error)
    house.live.publish("queue")
    raise web.HTTPSeeOther(f"{PAGE}/{staff_id}?done=equipped")


def _equip(session: Session, house: House, staff_id: UUID, skills: tuple[str, ...], chats: int) -> None:
    one = staffing.person(session, staff_id)
    if one.role not in AT_DESKS:
        raise Invalid("role_invalid", field="role")
    if one.skills is None:
        desks.seat(session, staff_id, house.city.code, house.city.desk, now())
    desks.equip(session, house.city.desk, staff_id, skills, chats)


async def reset_password(request: web.Request) -> web.StreamResponse:
    """`POST /console/people/{id}/password`: a new one, on the answer's page and nowhere else."""
    staff_id = _staff_id(request)
    password = await request.app[HOUSE].database.writing(staffing.reset_password, staff_id)
    log.info("password_reset", staff=str(staff_id), by=str(request[PERSON].staff_id))
    return await _person(request, password=password)


async def close(request: web.Request) -> web.StreamResponse:
    """`POST /console/people/{id}/close`."""
    staff_id, person = _staff_id(request), request[PERSON]
    try:
        await request.app[HOUSE].database.writing(staffing.close, staff_id, person.staff_id)
    except HotlineError as error:
        return await _person(request, error=error)
    log.info("staff_closed", staff=str(staff_id), by=str(person.staff_id))
    raise web.HTTPSeeOther(f"{PAGE}/{staff_id}?done=staff_closed")


async def reopen(request: web.Request) -> web.StreamResponse:
    """`POST /console/people/{id}/reopen`."""
    staff_id = _staff_id(request)
    await request.app[HOUSE].database.writing(staffing.reopen, staff_id)
    log.info("staff_reopened", staff=str(staff_id), by=str(request[PERSON].staff_id))
    raise web.HTTPSeeOther(f"{PAGE}/{staff_id}?done=staff_reopened")


def _staff_id(request: web.Request) -> UUID:
    return uuid_of(request.match_info["id"])
