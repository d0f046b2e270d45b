"""An alarm beside the answer (值班告警): the citizen is answered as always, and the duty operator is told."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from bot.bot import Bot
from bot.flows.turn import Outcome, Turn
from bot.reply import Action
from ticketing.alarms import Alarm, raise_alarm
from ticketing.models import AlarmLevel

_SUSPECTED = "suspected"


def watching(bot: Bot, turn: Turn, outcome: Outcome) -> Outcome:
    """The outcome, raising an alarm in the same transaction for an emergency or a risk."""
    alarm = _alarm(bot, turn, outcome)
    if alarm is None:
        return outcome

    def commit(session: Session, now: datetime) -> Outcome:
        raise_alarm(session, alarm, bot.risks.times, now)
        return outcome

    return outcome.also(commit)


def _alarm(bot: Bot, turn: Turn, outcome: Outcome) -> Alarm | None:
    emergency = outcome.reply.action is Action.EMERGENCY
    name = (turn.finding.name if turn.finding else _SUSPECTED) if emergency else bot.risks.found(turn.text)
    if name is None:
        return None
    return Alarm(
        key=str(turn.message_id),
        city=bot.city.code,
        level=AlarmLevel.EMERGENCY if emergency else AlarmLevel.RISK,
        name=name,
        number=outcome.reply.emergency,
        conversation_id=turn.conversation_id,
        channel=turn.channel,
        words=turn.text,
    )
