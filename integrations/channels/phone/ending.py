"""The end of a call (通话结束): whose wait nobody ended is called back; the bot goes on when they call again."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from integrations.bootstrap import House
from integrations.channels.phone.leaving import wait_no_more
from integrations.channels.phone.line import Stage
from ticketing import calls, return_calls
from ticketing.calls import CallView
from ticketing.citizens import read_phone
from ticketing.city import City
from ticketing.errors import Invalid
from ticketing.models import Left

_LONGEST_CALL = timedelta(hours=5)
_GONE_FROM_QUEUE = timedelta(minutes=5)  # a waiting caller is heard of every few seconds
_UNANSWERED = frozenset({"no-answer", "busy", "canceled", "failed"})
_WAITING = frozenset({Stage.RINGING, Stage.QUEUE, Stage.OFFER, Stage.VOICEMAIL})


def ended(session: Session, city: City, call_id: UUID, status: str, now: datetime) -> bool:
    """The first word of a call's end; False for any later one."""
    if not calls.end(session, call_id, status, now):
        return False
    call = calls.locked(session, call_id)
    waited = wait_no_more(session, call.conversation_id, Left.GAVE_UP, now)
    if call.person_at is None and (waited or status in _UNANSWERED or call.stage in _WAITING):
        _miss(session, city, call, now)
    return True


def _miss(session: Session, city: City, call: CallView, now: datetime) -> None:
    """漏接电话: nobody talked to them, nothing was kept of theirs."""
    if call.ticket_id is not None or call.stage == Stage.OVER:
        return
    try:
        phone = read_phone(call.address)
    except Invalid:
        return  # a hidden number cannot be called back
    return_calls.ask(session, city, phone, "missed", f"phone:{call.id}", now, call.conversation_id)


def sweep(house: House, now: datetime) -> int:
    """End the calls whose end was never reported; returns how many."""
    with house.database.read() as session:
        found = {
            *calls.silent_since(session, now - _LONGEST_CALL),
            *calls.silent_since(session, now - _GONE_FROM_QUEUE, Stage.QUEUE),
        }
    done = 0
    for call_id in found:
        with house.database.write() as session:
            done += ended(session, house.city, call_id, "lost", now)
    return done
