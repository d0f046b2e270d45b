"""The operator's desk (接待): who waits for a person, the conversation, the reply, registering a ticket from it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from uuid import UUID

from aiohttp import web
from sqlalchemy.orm import Session

from bot.flows.notices import words as notice_words
from integrations.bootstrap import HOUSE
from integrations.channels import relay
from integrations.consoles.access import FORM, PERSON, page
from integrations.consoles.desk_view import open_desk
from integrations.consoles.forms import Form, uuid_of
from integrations.consoles.pages import PAGES
from integrations.consoles.staff import after_change
from integrations.consoles.words import now
from ticketing import conversations, intake
from ticketing.accounts import Person
from ticketing.city import City
from ticketing.conversations import MessageView
from ticketing.errors import HotlineError, Invalid
from ticketing.intake import AppealDraft
from ticketing.models import Kind

_MAX_WORDS = 2000


async def desk_page(request: web.Request) -> web.Response:
    """`GET /console/conversations` and one of them."""
    return await show(request)


async def take(request: web.Request) -> web.StreamResponse:
    """`POST …/take`: this person speaks now."""
    conversation, person = conversation_of(request), request[PERSON]
    await request.app[HOUSE].database.writing(conversations.take, conversation, person.staff_id, now())
    tell(request, conversation)
    raise web.HTTPSeeOther(f"/console/conversations/{conversation}")


async def say(request: web.Request) -> web.StreamResponse:
    """`POST …/say`: the same form is stored once, however often it arrives; uncivil words are asked about first."""
    conversation, form, house = conversation_of(request), request[FORM], request.app[HOUSE]
    words = form.text("text", _MAX_WORDS)
    if not words:
        return await show(request, Invalid("field_missing", field="text"))
    if not form.flag("sure") and (found := uncivil(request, words)):
        return await show(request, uncivil=found)
    key = f"{request[PERSON].staff_id}:{form.text('key', 64)}"
    said = await house.database.writing(store_words, conversation, request[PERSON].staff_id, words, key)
    house.wake()
    house.live.publish(f"conversation:{conversation}", said.seq)
    raise web.HTTPSeeOther(f"/console/conversations/{conversation}")


def uncivil(request: web.Request, words: str) -> dict[str, str]:
    """文明用语规范: the phrases that are not to be said, each with what to say instead."""
    banned = request.app[PAGES].words.replies.group("desk.banned")
    return {phrase: better for phrase, better in banned.items() if phrase in words}


def store_words(session: Session, conversation: UUID, staff_id: UUID, words: str, key: str) -> MessageView:
    """Store it and, on a channel that does not come to read, send it."""
    said = conversations.operator_says(session, conversation, staff_id, words, key, now())
    relay.forward(session, conversation, said.seq, now())
    return said


async def hand_back(request: web.Request) -> web.StreamResponse:
    """`POST …/back`: closing words, and the bot goes on."""
    conversation, person, house = conversation_of(request), request[PERSON], request.app[HOUSE]
    words = house.replies.text("handoff.closed")
    await house.database.writing(_close, conversation, person.staff_id, words)
    house.wake()
    tell(request, conversation)
    raise web.HTTPSeeOther("/console/conversations?done=hand_back")


def _close(session: Session, conversation: UUID, staff_id: UUID, words: str) -> None:
    said = conversations.hand_back(session, conversation, staff_id, now(), words)
    if said is not None:
        relay.forward(session, conversation, said.seq, now())


async def register(request: web.Request) -> web.StreamResponse:
    """`POST …/register`: a ticket from the conversation, with the router's recommendation as evidence."""
    conversation, house = conversation_of(request), request.app[HOUSE]
    try:
        draft = _draft(request[FORM], house.city.code, conversation)
        words = f"{draft.content}\n{draft.place or ''}".strip()
        recommendation = await asyncio.to_thread(house.bot.router.recommend, words)
        key = f"desk:{conversation}:{request[FORM].text('key', 64)}"
        await house.database.writing(
            _register, draft, recommendation.to_json(), house.city, request[PERSON], conversation, key
        )
    except Invalid as error:
        return await show(request, error)
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


async def show(
    request: web.Request,
    error: HotlineError | None = None,
    *,
    uncivil: dict[str, str] | None = None,
    phone: tuple[UUID, str] | None = None,
) -> web.Response:
    """The desk, with what went wrong, words to think over, or the number of a call to return."""
    house = request.app[HOUSE]
    conversation = conversation_of(request) if "id" in request.match_info and phone is None else None
    desk = await house.database.writing(open_desk, house, request[PERSON], conversation, now())
    words = request.app[PAGES].words.error(error) if error else None
    given = {name: str(value) for name, value in request[FORM].fields.items()} if FORM in request else {}
    notices = await house.bot.board.running(house.database, house.city.code, now())
    values = {"desk": desk, "kinds": tuple(Kind), "error": words, "given": given, "uncivil": uncivil, "phone": phone}
    values["notices"] = [notice_words(house.bot, notice) for notice in notices]
    status = 422 if error or uncivil else 200
    return page(request, "conversations.html", here="conversations", status=status, **values)


def conversation_of(request: web.Request) -> UUID:
    """The conversation in the path."""
    return uuid_of(request.match_info["id"])


def tell(request: web.Request, conversation: UUID) -> None:
    """Readers of the conversation and of the queue look again."""
    live = request.app[HOUSE].live
    live.publish(f"conversation:{conversation}")
    live.publish("queue")
