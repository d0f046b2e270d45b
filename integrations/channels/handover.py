"""A planned message on its way (交付): written where it can be read, and given to the channel that was chosen."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from integrations.bootstrap import House
from integrations.channels import planner
from integrations.channels.letter import outgoing as letter
from integrations.channels.planner import Plan, Talk, Way
from integrations.channels.sms import outgoing as sms
from integrations.channels.wechat import notices
from integrations.channels.wechat import outgoing as wechat
from ticketing import deliveries
from ticketing.announcements import announce
from ticketing.deliveries import Parcel
from ticketing.messages import MESSAGE
from ticketing.models import Ticket
from ticketing.reminders import remind

log = structlog.get_logger()
CALL_CITIZEN = "call_citizen"


def go(session: Session, house: House, delivery_id: UUID, key: str, now: datetime) -> Plan | None:
    """Choose the next way of a message and take it; None when it is on its way already, or has arrived."""
    parcel = deliveries.parcel(session, delivery_id)
    if parcel.status is not deliveries.DeliveryStatus.PLANNED or (
        parcel.channel is not None and parcel.channel not in parcel.failed
    ):
        return None
    ticket = session.execute(
        select(Ticket.citizen_id, Ticket.conversation_id).where(Ticket.id == parcel.ticket_id)
    ).one()
    plan = planner.plan(
        session, house, citizen_id=ticket.citizen_id, conversation_id=ticket.conversation_id,
        purpose=parcel.purpose, urgent=parcel.urgent, now=now, failed=parcel.failed,
    )  # fmt: skip
    run_at = plan.run_at if plan.channel else None
    deliveries.choose(session, delivery_id, plan.channel, plan.reason, run_at, now)
    log.info("delivery_planned", purpose=parcel.purpose, channel=plan.channel, reason=plan.reason)
    _take(session, house, parcel, plan, key, now)
    return plan


def _take(session: Session, house: House, parcel: Parcel, plan: Plan, key: str, now: datetime) -> None:
    reach = plan.reach
    match plan.channel:
        case Way.WEB | Way.WAITING:
            deliveries.sent(session, parcel.id, plan.channel, now)  # the conversation has it already
        case Way.WECHAT if reach.wechat is not None:
            seq = _written(session, reach.wechat, parcel.text, key, now)
            wechat.forward(session, reach.wechat.id, seq, now, run_at=plan.run_at, delivery_id=parcel.id)
        case Way.NOTICE if reach.wechat is not None:
            notices.notify(session, reach.wechat.address, parcel.id, parcel.blanks, now, run_at=plan.run_at)
        case Way.LETTER if reach.talk is not None:
            _post(session, house, parcel, reach.talk, now)
        case Way.SMS if reach.phone is not None:
            sms.send(
                session, reach.phone, parcel.purpose, parcel.blanks, f"delivery:{parcel.id}", now,
                run_at=plan.run_at, delivery_id=parcel.id,
            )  # fmt: skip
        case Way.CALL:
            remind(session, parcel.ticket_id, CALL_CITIZEN, key, now, to="callback", department=None)
            deliveries.sent(session, parcel.id, Way.CALL, now)
        case None:
            log.warning("no_way_to_citizen", purpose=parcel.purpose, reason=plan.reason)


def _post(session: Session, house: House, parcel: Parcel, talk: Talk, now: datetime) -> None:
    """The message as a letter in the thread of its ticket."""
    number = session.execute(select(Ticket.number).where(Ticket.id == parcel.ticket_id)).scalar_one()
    purpose = house.replies.text(f"labels.purpose.{parcel.purpose}")
    subject = house.replies.text("letter.about", number=number, purpose=purpose)
    letter.send(
        session, talk.address, subject, parcel.text, f"delivery:{parcel.id}", now,
        number=number, about=parcel.id, delivery_id=parcel.id,
    )  # fmt: skip


def _written(session: Session, talk: Talk, text: str, key: str, now: datetime) -> int:
    """The message's place in a conversation, where it is written once."""
    seq = announce(session, talk.id, text, key, now)
    if seq is not None:
        return seq
    same = (MESSAGE.c.conversation_id == talk.id) & (MESSAGE.c.external_id == key)
    return session.execute(select(MESSAGE.c.seq).where(same)).scalar_one()
