"""The supervisor's view of the queue (排队监控): who waits how long, who is there; reading along, whispering."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from aiohttp import web
from sqlalchemy.orm import Session

from integrations.bootstrap import HOUSE, House
from integrations.consoles.access import FORM, PERSON, page
from integrations.consoles.conversations import conversation_of
from integrations.consoles.desk_view import Desk, looking_at
from integrations.consoles.forms import uuid_of
from integrations.consoles.words import now
from ticketing import conversations, desk_notes, desks, handoff, offers, queueing
from ticketing.conversations import Waiting
from ticketing.desks import DeskView
from ticketing.errors import Conflict, Forbidden
from ticketing.models import NoteKind, Owner
from ticketing.offers import Record
from ticketing.queueing import Entry


@dataclass(frozen=True)
class Board:
    """The queue, the desks and the conversations people hold now."""

    line: tuple[Entry, ...]
    desks: tuple[DeskView, ...]
    held: tuple[Waiting, ...]
    holders: dict[UUID, str]
    handling: timedelta

    @property
    def online(self) -> int:
        """How many operators are there."""
        return sum(desk.presence == "online" for desk in self.desks)

    @property
    def free(self) -> int:
        """How many more chats they take now."""
        return sum(desk.free for desk in self.desks)


@dataclass(frozen=True)
class Watched:
    """One conversation over an operator's shoulder, and to whom it was offered."""

    desk: Desk
    holder: str | None
    offers: tuple[Record, ...]


async def board_page(request: web.Request) -> web.Response:
    """`GET /console/queue`."""
    house = request.app[HOUSE]
    board = await house.database.reading(_board, house, now())
    return page(request, "queue.html", here="queue", board=board, skills=house.city.desk.names, watched=None)


async def watch_page(request: web.Request) -> web.Response:
    """`GET /console/queue/{id}`: read along; nobody in the conversation notices."""
    house, conversation = request.app[HOUSE], conversation_of(request)
    board = await house.database.reading(_board, house, now())
    watched = await house.database.reading(_watched, house, conversation, board, now())
    return page(request, "queue.html", here="queue", board=board, skills=house.city.desk.names, watched=watched)


async def whisper(request: web.Request) -> web.StreamResponse:
    """`POST /console/queue/{id}/whisper`: a note that only the operator sees."""
    house, conversation = request.app[HOUSE], conversation_of(request)
    text = request[FORM].text("note", desk_notes.MAX_NOTE)
    await house.database.writing(_whisper, conversation, request[PERSON].staff_id, text)
    house.live.publish(f"notes:{conversation}")
    raise web.HTTPSeeOther(f"/console/queue/{conversation}?done=whispered")


async def equip(request: web.Request) -> web.StreamResponse:
    """`POST /console/queue/desks/{id}`: an operator's skills and how many chats at once."""
    house, form = request.app[HOUSE], request[FORM]
    skills, chats = form.several("skills"), form.number("chats") or 0
    staff_id = uuid_of(request.match_info["id"])
    await house.database.writing(desks.equip, house.city.desk, staff_id, skills, chats)
    house.live.publish("queue")
    raise web.HTTPSeeOther("/console/queue?done=equipped")


def _board(session: Session, house: House, at: datetime) -> Board:
    city, rules = house.city.code, house.city.desk
    there = desks.desks(session, city, rules, at)
    held = conversations.held(session, city, None)
    names = {desk.staff_id: desk.name for desk in there}
    holders = {one.id: names.get(who, "") for one in held if (who := handoff.holder(session, one.id))}
    return Board(queueing.line(session, city), there, held, holders, queueing.handling_time(session, city, rules))


def _watched(session: Session, house: House, conversation: UUID, board: Board, at: datetime) -> Watched:
    """Only what waits for a person or is with one is watched; what is said to the bot is not."""
    view = conversations.view(session, conversation)
    if view.city != house.city.code or view.owner == Owner.BOT:
        raise Forbidden("conversation_not_yours")
    desk = looking_at(session, house, Desk((), ()), view, at)
    return Watched(desk, board.holders.get(conversation), offers.history(session, conversation))


def _whisper(session: Session, conversation: UUID, staff_id: UUID, text: str) -> None:
    if handoff.holder(session, conversation) is None:
        raise Conflict("nobody_to_whisper_to")
    desk_notes.write(session, conversation, NoteKind.WHISPER, staff_id, text, now())
