"""What an operator does besides speaking (坐席): presence, passing on offers, handing on, calls to return."""

from __future__ import annotations

from uuid import UUID

from aiohttp import web
from sqlalchemy.orm import Session

from integrations.bootstrap import HOUSE, House
from integrations.channels import relay
from integrations.consoles.access import FORM, PERSON, page
from integrations.consoles.conversations import conversation_of, show, tell
from integrations.consoles.desk_view import open_desk
from integrations.consoles.forms import uuid_of
from integrations.consoles.words import now
from ticketing import desk_notes, desks, handoff, offers, return_calls
from ticketing.errors import Conflict, HotlineError, Invalid
from ticketing.models import NoteKind

_SKILL = "skill:"


async def beat(request: web.Request) -> web.Response:
    """`GET /console/desk`: the screen is open; what is offered to this person now."""
    house = request.app[HOUSE]
    desk = await house.database.writing(open_desk, house, request[PERSON], None, now())
    return page(request, "_offer.html", here="conversations", desk=desk)


async def be(request: web.Request) -> web.StreamResponse:
    """`POST /console/desk`: 在线, 忙碌 or 离开."""
    house = request.app[HOUSE]
    await house.database.writing(_be, house, request[PERSON].staff_id, request[FORM].text("presence"))
    house.live.publish("queue")
    raise web.HTTPSeeOther("/console/conversations")


def _be(session: Session, house: House, staff_id: UUID, presence: str) -> None:
    desks.touch(session, staff_id, house.city.code, house.city.desk, now())
    desks.be(session, staff_id, presence, now())


async def decline(request: web.Request) -> web.StreamResponse:
    """`POST …/decline`: the next one is asked."""
    house, conversation = request.app[HOUSE], conversation_of(request)
    await house.database.writing(_decline, house, conversation, request[PERSON].staff_id)
    house.live.publish("queue")
    raise web.HTTPSeeOther("/console/conversations")


def _decline(session: Session, house: House, conversation: UUID, staff_id: UUID) -> None:
    offers.decline(session, conversation, staff_id, now())
    offers.distribute(session, house.city, now())


async def transfer(request: web.Request) -> web.StreamResponse:
    """`POST …/transfer`: to a colleague or a group, with a note for whoever takes it."""
    house, form, conversation = request.app[HOUSE], request[FORM], conversation_of(request)
    target, note = form.text("to", 60), form.text("note", desk_notes.MAX_NOTE)
    try:
        await house.database.writing(_transfer, house, conversation, request[PERSON].staff_id, target, note)
    except (Invalid, Conflict) as error:
        return await _refused(request, error)
    house.wake()
    tell(request, conversation)
    raise web.HTTPSeeOther("/console/conversations?done=transferred")


async def _refused(request: web.Request, error: HotlineError) -> web.Response:
    if error.code == "conversation_not_yours":
        raise error
    return await show(request, error)


def _transfer(session: Session, house: House, conversation: UUID, staff_id: UUID, target: str, note: str) -> None:
    skill = target.removeprefix(_SKILL) if target.startswith(_SKILL) else None
    to = _person(target) if skill is None else None
    words = house.replies.text("handoff.transferred")
    said = handoff.transfer(session, house.city, conversation, staff_id, now(), to=to, skill=skill, words=words)
    desk_notes.write(session, conversation, NoteKind.TRANSFER, staff_id, note, now())
    offers.distribute(session, house.city, now())
    if said is not None:
        relay.forward(session, conversation, said.seq, now())


def _person(text: str) -> UUID:
    try:
        return uuid_of(text)
    except ValueError as error:
        raise Invalid("transfer_target", field="to") from error


async def typing(request: web.Request) -> web.Response:
    """`POST …/typing`: the citizen sees that somebody writes."""
    house, conversation = request.app[HOUSE], conversation_of(request)
    if await house.database.reading(handoff.holder, conversation) == request[PERSON].staff_id:
        house.live.publish(f"operator-typing:{conversation}")
    return web.Response(status=204)


async def phone(request: web.Request) -> web.StreamResponse:
    """`POST /console/return-calls/{id}/phone`: the number to call, shown once asked for."""
    house, call = request.app[HOUSE], uuid_of(request.match_info["id"])
    number = await house.database.reading(return_calls.phone_of, house.city.code, call)
    if number is None:
        raise Conflict("callback_finished")
    return await show(request, phone=(call, number))


async def returned(request: web.Request) -> web.StreamResponse:
    """`POST /console/return-calls/{id}/done`: what became of the call."""
    house, call, outcome = request.app[HOUSE], uuid_of(request.match_info["id"]), request[FORM].text("outcome")
    await house.database.writing(return_calls.done, house.city.code, call, request[PERSON].staff_id, outcome, now())
    raise web.HTTPSeeOther("/console/conversations?done=attempt")
