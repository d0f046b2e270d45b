"""What the operator's desk shows (坐席工作台): who waits, what is offered, the conversation, what the bot knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from bot.state import AppealForm, State
from integrations.bootstrap import House
from ticketing import conversations, desk_notes, desks, echoes, offers, queries, queueing, return_calls
from ticketing.accounts import Person
from ticketing.attachment_views import AttachmentView, of_messages
from ticketing.conversations import ConversationView, MessageView, Waiting
from ticketing.desk_notes import NoteView
from ticketing.desks import DeskView
from ticketing.echoes import Echo
from ticketing.errors import Forbidden
from ticketing.models import Author, Owner
from ticketing.numbering import query_code
from ticketing.offers import Offer
from ticketing.queueing import Entry
from ticketing.return_calls import ReturnCallView

_LAST = 200
_LAST_WORDS = 3


@dataclass(frozen=True)
class Summary:
    """转人工摘要: what the bot had understood when a person came."""

    item: str | None
    department: str | None
    form: AppealForm | None
    later: tuple[str, ...]
    words: tuple[str, ...]

    @property
    def empty(self) -> bool:
        """Whether the bot had understood nothing yet."""
        return not (self.item or self.form or self.later or self.words)


@dataclass(frozen=True)
class Desk:
    """What the operator sees; `offer` is what they are asked to take now."""

    waiting: tuple[Waiting, ...]
    held: tuple[Waiting, ...]
    line: tuple[Entry, ...] = ()
    me: DeskView | None = None
    offer: Offer | None = None
    colleagues: tuple[DeskView, ...] = ()
    calls: tuple[ReturnCallView, ...] = ()
    conversation: ConversationView | None = None
    messages: tuple[MessageView, ...] = ()
    files: Mapping[UUID, tuple[AttachmentView, ...]] = field(default_factory=dict)
    summary: Summary | None = None
    notes: tuple[NoteView, ...] = ()
    tickets: tuple[tuple[queries.Progress, str], ...] = ()
    echoes: tuple[Echo, ...] = ()

    @property
    def mine(self) -> bool:
        """Whether the person may speak in the open conversation."""
        return self.conversation is not None and self.conversation.id in {held.id for held in self.held}

    @property
    def draft(self) -> AppealForm | None:
        """The form the bot had begun."""
        return self.summary.form if self.summary else None

    @property
    def entries(self) -> dict[UUID, Entry]:
        """Who waits, by conversation."""
        return {entry.conversation_id: entry for entry in self.line}

    @property
    def ordered(self) -> tuple[Waiting, ...]:
        """Who waits in the order they are offered; what is not in the line comes last."""
        place = {entry.conversation_id: number for number, entry in enumerate(self.line)}
        return tuple(sorted(self.waiting, key=lambda one: place.get(one.id, len(place))))


def open_desk(session: Session, house: House, person: Person, conversation: UUID | None, now: datetime) -> Desk:
    """The person's desk; touching it says that their screen is open."""
    city, rules = house.city.code, house.city.desk
    desks.touch(session, person.staff_id, city, rules, now)
    offers.distribute(session, house.city, now)
    there = desks.desks(session, city, rules, now)
    desk = Desk(
        conversations.waiting(session, city),
        conversations.held(session, city, person.staff_id),
        queueing.line(session, city),
        next((one for one in there if one.staff_id == person.staff_id), None),
        offers.offer_to(session, person.staff_id, now),
        tuple(one for one in there if one.staff_id != person.staff_id and one.presence == "online"),
        return_calls.open_calls(session, city),
    )
    return desk if conversation is None else _with(session, house, desk, conversation, now)


def _with(session: Session, house: House, desk: Desk, conversation: UUID, now: datetime) -> Desk:
    """The desk with one conversation open; only those who wait and one's own can be opened."""
    view = conversations.view(session, conversation)
    if view.owner != Owner.QUEUE and conversation not in {held.id for held in desk.held}:
        raise Forbidden("conversation_not_yours")
    return looking_at(session, house, desk, view, now)


def looking_at(session: Session, house: House, desk: Desk, view: ConversationView, now: datetime) -> Desk:
    """The desk with this conversation's messages, summary, notes and tickets."""
    messages = conversations.messages_after(session, view.id, max(0, view.last_seq - _LAST), _LAST)
    found = queries.of_conversation(session, view.id)
    tickets = tuple((ticket, query_code(session, ticket.ticket_id)) for ticket in found)
    files = of_messages(session, [message.id for message in messages if message.author == Author.CITIZEN])
    summary = _summary(house, view, messages)
    draft = summary.form
    alike = (
        echoes.echoes(session, house.bot.duplicates, house.city, draft.content, draft.place, now)
        if draft and draft.content and not tickets
        else ()
    )
    notes = desk_notes.notes(session, view.id)
    return replace(
        desk,
        conversation=view,
        messages=messages,
        files=files,
        summary=summary,
        notes=notes,
        tickets=tickets,
        echoes=alike,
    )


def _summary(house: House, view: ConversationView, messages: tuple[MessageView, ...]) -> Summary:
    state = State.from_json(view.state)
    item = house.bot.knowledge.current.library.item(state.item) if state.item else None
    said = [message.text for message in messages if message.author == Author.CITIZEN]
    return Summary(
        item.name if item else None,
        item.department if item else None,
        state.form,
        tuple(later.text for later in state.later),
        tuple(said[-_LAST_WORDS:]),
    )
