"""The operator's desk (接待): who waits for a person, the conversation, the reply, registering a ticket from it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from uuid import UUID

from aiohttp import web
from sqlalchemy.orm import Session

from bot.flows.notices import words as notice_words
from bot.state import AppealForm, State
from integrations.bootstrap import HOUSE, House
from integrations.channels.wechat import outgoing
from integrations.consoles.access import FORM, PERSON, page
from integrations.consoles.forms import Form, uuid_of
from integrations.consoles.pages import PAGES
from integrations.consoles.staff import after_change
from integrations.consoles.words import now
from ticketing import conversations, echoes, intake, queries
from ticketing.accounts import Person
from ticketing.city import City
from ticketing.conversations import ConversationView, MessageView, Waiting
from ticketing.echoes import Echo
from ticketing.errors import Forbidden, HotlineError, Invalid
from ticketing.intake import AppealDraft
from ticketing.models import Kind, Owner
from ticketing.numbering import query_code

_LAST = 200
_MAX_WORDS = 2000


@dataclass(frozen=True)
class Desk:
    """What the operator sees: the queue, their own conversations, the open one, its tickets with their query codes."""

    waiting: tuple[Waiting, ...]
    held: tuple[Waiting, ...]
    conversation: ConversationView | None = None
    messages: tuple[MessageView, ...] = ()
    draft: AppealForm | None = None
    tickets: tuple[tuple[queries.Progress, str], ...] = ()
    echoes: tuple[Echo, ...] = ()

    @property
    def mine(self) -> bool:
        """Whether the person may speak in the open conversation."""
        return self.conversation is not None and self.conversation.id in {held.id for held in self.held}


async def desk_page(request: web.Request) -> web.Response:
    """`GET /console/conversations` and one of them."""
    return await _page(request)


async def take(request: web.Request) -> web.StreamResponse:
    """`POST …/take`: this person speaks now."""
    conversation, person = _conversation(request), request[PERSON]
    await request.app[HOUSE].database.writing(conversations.take, conversation, person.staff_id, now())
    _tell(request, conversation)
    raise web.HTTPSeeOther(f"/console/conversations/{conversation}")


async def say(request: web.Request) -> web.StreamResponse:
    """`POST …/say`: the same form is stored once, however often it arrives."""
    conversation, form, house = _conversation(request), request[FORM], request.app[HOUSE]
    words = form.text("text", _MAX_WORDS)
    if not words:
        return await _page(request, Invalid("field_missing", field="text"))
    key = f"{request[PERSON].staff_id}:{form.text('key', 64)}"
    said = await house.database.writing(store_words, conversation, request[PERSON].staff_id, words, key)
    house.wake()
    house.live.publish(f"conversation:{conversation}", said.seq)
    raise web.HTTPSeeOther(f"/console/conversations/{conversation}")


def store_words(session: Session, conversation: UUID, staff_id: UUID, words: str, key: str) -> MessageView:
    """Store it and, on a channel that does not come to read, send it."""
    said = conversations.operator_says(session, conversation, staff_id, words, key, now())
    outgoing.forward(session, conversation, said.seq, now())
    return said


async def hand_back(request: web.Request) -> web.StreamResponse:
    """`POST …/back`: the bot goes on."""
    conversation, person = _conversation(request), request[PERSON]
    await request.app[HOUSE].database.writing(conversations.hand_back, conversation, person.staff_id, now())
    _tell(request, conversation)
    raise web.HTTPSeeOther("/console/conversations?done=hand_back")


async def register(request: web.Request) -> web.StreamResponse:
    """`POST …/register`: a ticket from the conversation, with the router's recommendation as evidence."""
    conversation, house = _conversation(request), request.app[HOUSE]
    try:
        draft = _draft(request[FORM], house.city.code, conversation)
        words = f"{draft.content}\n{draft.place or ''}".strip()
        recommendation = await asyncio.to_thread(house.bot.router.recommend, words)
        key = f"desk:{conversation}:{request[FORM].text('key', 64)}"
        await house.database.writing(
            _register, draft, recommendation.to_json(), house.city, request[PERSON], conversation, key
        )
    except Invalid as error:
        return await _page(request, error)
    await after_change(request)
    raise web.HTTPSeeOther(f"/console/conversations/{conversation}?done=register")


def _register(
    session: Session,
    draft: AppealDraft,
    recommendation: dict[str, object],
    city: City,
    person: Person,
    conversation: UUID,
    key: str,
) -> None:
    """Only who holds the conversation registers from it; its channel is the ticket's."""
    conversations.require_held(session, conversation, person.staff_id)
    channel = conversations.view(session, conversation).channel
    intake.register(session, replace(draft, channel=channel), recommendation, city, now(), person.actor, key)


def _draft(form: Form, city: str, conversation: UUID) -> AppealDraft:
    phone = form.plain("phone", 20) or None
    return AppealDraft(
        kind=form.text("kind"),
        content=form.text("content", intake.MAX_CONTENT),
        place=form.optional("place", intake.MAX_SHORT),
        region=None,
        happened=form.optional("happened", intake.MAX_SHORT),
        phone=phone,
        name=form.optional("name", 60),
        anonymous=phone is None,
        confidential=form.flag("confidential"),
        wants_reply=not form.flag("no_reply"),
        channel="",
        conversation_id=conversation,
        city=city,
    )


async def _page(request: web.Request, error: HotlineError | None = None) -> web.Response:
    house = request.app[HOUSE]
    conversation = _conversation(request) if "id" in request.match_info else None
    desk = await house.database.reading(_desk, house, request[PERSON], conversation)
    words = request.app[PAGES].words.error(error) if error else None
    given = {name: str(value) for name, value in request[FORM].fields.items()} if FORM in request else {}
    status = 422 if error else 200
    notices = await house.bot.board.running(house.database, house.city.code, now())
    values = {"desk": desk, "kinds": tuple(Kind), "error": words, "given": given}
    values["notices"] = [notice_words(house.bot, notice) for notice in notices]
    return page(request, "conversations.html", here="conversations", status=status, **values)


def _desk(session: Session, house: House, person: Person, conversation: UUID | None) -> Desk:
    city = house.city.code
    desk = Desk(conversations.waiting(session, city), conversations.held(session, city, person.staff_id))
    if conversation is None:
        return desk
    view = conversations.view(session, conversation)
    if view.owner != Owner.QUEUE and conversation not in {held.id for held in desk.held}:
        raise Forbidden("conversation_not_yours")
    messages = conversations.messages_after(session, conversation, max(0, view.last_seq - _LAST), _LAST)
    found = queries.of_conversation(session, conversation)
    tickets = tuple((ticket, query_code(session, ticket.ticket_id)) for ticket in found)
    draft = State.from_json(view.state).form
    alike = _echoes(session, house, draft) if draft and draft.content and not tickets else ()
    return replace(desk, conversation=view, messages=messages, draft=draft, tickets=tickets, echoes=alike)


def _echoes(session: Session, house: House, draft: AppealForm) -> tuple[Echo, ...]:
    """Who else has told of what this citizen was telling the bot."""
    return echoes.echoes(session, house.bot.duplicates, house.city, draft.content, draft.place, now())


def _conversation(request: web.Request) -> UUID:
    return uuid_of(request.match_info["id"])


def _tell(request: web.Request, conversation: UUID) -> None:
    live = request.app[HOUSE].live
    live.publish(f"conversation:{conversation}")
    live.publish("queue")
