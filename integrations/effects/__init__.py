"""What leaves the house: one handler a kind of outbox row, and the two loops that wake-ups run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType

import structlog

from bot import dialogue
from integrations.bootstrap import House
from integrations.channels.letter import handling as letter_handling
from integrations.channels.letter import outgoing as letter
from integrations.channels.phone import ending
from integrations.channels.sms import outgoing as sms
from integrations.channels.wechat import media, notices, outgoing
from integrations.effects import alarm, citizen_message, desk_round, robot_call, staff_reminder, watch, webhook
from ticketing import alarms, conversations, jobs, messages, promises
from ticketing.alarms import ALARM
from ticketing.callback_plan import ROBOT_CALL
from ticketing.deliveries import DELIVERY
from ticketing.jobs import Job
from ticketing.letters import LETTER_IN
from ticketing.notices import CITIZEN_MESSAGE
from ticketing.reminders import STAFF_EVENT, STAFF_REMINDER
from ticketing.webhooks import WEBHOOK

Handler = Callable[[House, Job, datetime], None]
Now = Callable[[], datetime]

HANDLERS: Mapping[str, Handler] = MappingProxyType(
    {
        CITIZEN_MESSAGE: citizen_message.carry_out,
        ALARM: alarm.carry_out,
        STAFF_REMINDER: staff_reminder.carry_out,
        STAFF_EVENT: staff_reminder.carry_out,
        outgoing.WECHAT_MESSAGE: outgoing.carry_out,
        media.WECHAT_MEDIA: media.carry_out,
        ROBOT_CALL: robot_call.carry_out,
        sms.SMS: sms.carry_out,
        notices.WECHAT_NOTICE: notices.carry_out,
        DELIVERY: citizen_message.go_on,
        letter.LETTER: letter.carry_out,
        LETTER_IN: letter_handling.carry_out,
        WEBHOOK: webhook.carry_out,
    }
)
_BATCH = 10
log = structlog.get_logger()


def drain(house: House, now: Now) -> int:
    """Carry out every effect that is due; returns how many."""
    count = 0
    while claimed := _claim(house, now()):
        for job in claimed:
            _carry_out(house, job, now)
        count += len(claimed)
    return count


def _claim(house: House, now: datetime) -> tuple[Job, ...]:
    with house.database.read() as session:  # looking is free; taking the write lock every second is not
        due = jobs.next_run(session)
    if due is None or due > now:
        return ()
    with house.database.write() as session:
        return jobs.claim(session, now, limit=_BATCH)


def escalate_alarms(house: House, now: Now) -> int:
    """Bring alarms nobody acknowledged in time before the duty leader; returns how many."""
    with house.database.read() as session:
        due = alarms.next_escalation(session)
    if due is None or due > now():
        return 0
    with house.database.write() as session:
        return alarms.escalate(session, now())


def _carry_out(house: House, job: Job, now: Now) -> None:
    error: str | None = None
    try:
        HANDLERS[job.kind](house, job, now())
    except Exception as failure:
        error = f"{type(failure).__name__}: {failure}"
        log.exception("effect_failed", kind=job.kind, key=job.key, attempts=job.attempts)
    with house.database.write() as session:
        if error is None:
            jobs.done(session, job, now())
        else:
            jobs.fail(session, job, error, now())


def go_round(house: House, now: Now) -> int:
    """The watch over due times, pauses, cards and the daily root; returns how many things it did."""
    return watch.go_round(house, now)


def offer_round(house: House, now: Now) -> int:
    """The queue for people: offers, places told, conversations of absent operators; returns how much was done."""
    return desk_round.go_round(house, now)


def call_back(house: House, now: Now) -> int:
    """The callback plans, the promises whose day came, calls whose end was lost; returns how many moved."""
    with house.database.write() as session:
        fallen = promises.fall_due(session, house.city, now())
    return fallen + robot_call.go_round(house, now) + ending.sweep(house, now())


async def finish_turns(house: House, now: Now) -> int:
    """Answer the messages whose turn died with its process; returns how many."""
    due = await house.database.writing(conversations.due_messages, now())
    for message_id in due:
        reply = await dialogue.finish(house.bot, message_id, now)
        log.info("turn_finished_late", message=str(message_id), answered=reply is not None)
    for conversation_id, seq in await house.database.reading(messages.last_sequences, due) if due else ():
        house.live.publish(f"conversation:{conversation_id}", seq)
    return len(due)
