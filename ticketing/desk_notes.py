"""What colleagues tell each other about a conversation (悄悄话、转接说明).

Kept apart from messages, so that no reader of messages (chat, WeChat, export, API, replay) can show the citizen one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from ticketing.errors import Invalid
from ticketing.messages import clean
from ticketing.models import DeskNote, NoteKind, Staff, new_id
from ticketing.privacy import seal, unseal
from ticketing.statements import table_of

MAX_NOTE = 500
_NOTE = table_of(DeskNote)


@dataclass(frozen=True, slots=True)
class NoteView:
    """One note as the desk shows it."""

    kind: str
    name: str
    text: str
    at: datetime


def write(session: Session, conversation_id: UUID, kind: NoteKind, staff_id: UUID, text: str, now: datetime) -> None:
    """Keep a note for whoever holds the conversation."""
    words = clean(text).strip()
    if not 0 < len(words) <= MAX_NOTE:
        raise Invalid("note_length", field="note", limit=MAX_NOTE)
    row = {"id": new_id(), "conversation_id": conversation_id, "kind": kind, "staff_id": staff_id, "at": now}
    session.execute(insert(_NOTE), row | {"body_sealed": seal(session, words)})


def notes(session: Session, conversation_id: UUID, limit: int = 30) -> tuple[NoteView, ...]:
    """The notes on a conversation, oldest first; only the newest of very many."""
    n = _NOTE.c
    rows = session.execute(
        select(n.kind, Staff.display_name, n.body_sealed, n.at)
        .join_from(_NOTE, Staff, Staff.id == n.staff_id)
        .where(n.conversation_id == conversation_id)
        .order_by(n.at.desc(), n.id.desc())
        .limit(limit)
    ).all()
    return tuple(NoteView(row.kind, row.display_name, unseal(session, row.body_sealed), row.at) for row in rows[::-1])
