"""A message after the tone (语音留言): nobody was free; it becomes a ticket that keeps where the recording is."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from integrations.channels.phone.leaving import wait_no_more
from integrations.channels.phone.line import CHANNEL, Heard, Memory, Next, Stage, Talk
from integrations.channels.phone.steps import Hangup, Record
from ticketing import calls, intake
from ticketing.city import City
from ticketing.intake import AppealDraft, Registered
from ticketing.models import Kind, Left, Role
from ticketing.workflow import Actor

_BOT = Actor(Role.BOT)


def begin(talk: Talk) -> Next:
    """The tone."""
    record = Record(talk.then, talk.path("recording"))
    return Next((*talk.say("leave_message"), record), Stage.VOICEMAIL, talk.memory.but(misses=0))


async def recorded(talk: Talk, heard: Heard) -> Next:
    """Register what was recorded and tell number and code; nothing recorded is nothing registered."""
    house = talk.house
    if not heard.recording or heard.seconds < 1:
        return Next((*talk.say("no_message"), Hangup()), Stage.OVER, Memory())
    words = talk.word("voicemail_words", seconds=heard.seconds, address=heard.recording)
    draft = _draft(talk, words)
    made = await house.database.writing(_keep, draft, house.city, talk.call.id, heard.recording, talk.now())
    house.live.publish("tickets")
    house.wake()
    told = talk.say("message_kept", number=made.number, code=made.query_code)
    return Next((*told, Hangup()), Stage.OVER, Memory())


def _draft(talk: Talk, words: str) -> AppealDraft:
    phone = talk.phone
    return AppealDraft(
        kind=Kind.HELP.value,
        content=words,
        place=None,
        region=None,
        happened=None,
        phone=phone,
        name=None,
        anonymous=phone is None,
        confidential=False,
        wants_reply=phone is not None,
        channel=CHANNEL,
        conversation_id=talk.call.conversation_id,
        city=talk.house.city.code,
        title=talk.word("voicemail"),
    )


def _keep(session: Session, draft: AppealDraft, city: City, call_id: UUID, url: str, now: datetime) -> Registered:
    made = intake.register(session, draft, {}, city, now, _BOT, f"voicemail:{call_id}")
    calls.change(session, call_id, ticket_id=made.ticket_id)
    calls.record_address(session, call_id, url)
    wait_no_more(session, draft.conversation_id, Left.MESSAGE, now)
    return made
