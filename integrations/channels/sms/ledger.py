"""What became of each text message: the day's budget, the provider's word, receipts in whatever order they come."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from prometheus_client import Counter
from sqlalchemy import Row, select, update
from sqlalchemy.orm import Session

from integrations.channels.sms import stops
from integrations.channels.sms.port import CHANNEL, FINAL, Receipt, Why
from ticketing import deliveries
from ticketing.city import City
from ticketing.models import SmsBudget, SmsMessage, SmsStatus, new_id
from ticketing.statements import dialect_of, insert_or_skip, table_of

log = structlog.get_logger()
TEXTS = Counter("hotline_sms_total", "Text messages by provider and what became of them", ["provider", "status"])
SEGMENTS = Counter("hotline_sms_segments_total", "Segments of text messages sent", ["provider"])
_SMS, _BUDGET = table_of(SmsMessage), table_of(SmsBudget)
_s, _b = _SMS.c, _BUDGET.c
_MAKE = insert_or_skip(_SMS, "key", returning=[_s.id])
_OPEN_DAY = insert_or_skip(_BUDGET, "city", "day", returning=[_b.city])
_RANK = {SmsStatus.QUEUED: 0, SmsStatus.SENT: 1} | dict.fromkeys(FINAL, 2)
_NUMBER_REST = timedelta(days=1)  # a number that got nothing is left alone for so long


def begin(
    session: Session, *, key: str, city: City, template: str, provider: str, delivery_id: UUID | None, now: datetime
) -> UUID | None:
    """The row of a message that is to be sent; None when its fate is settled already, by an earlier try."""
    row = {"id": new_id(), "key": key, "city": city.code, "template": template, "delivery_id": delivery_id}
    state = {"provider": provider, "status": SmsStatus.QUEUED, "segments": 0, "created_at": now, "updated_at": now}
    made = session.execute(_MAKE[dialect_of(session)], row | state).scalar()
    if made is not None:
        return UUID(str(made))
    found = session.execute(select(_s.id, _s.status).where(_s.key == key)).one()
    return found.id if found.status == SmsStatus.QUEUED else None


def reserve(session: Session, message_id: UUID, city: City, segments: int, limit: int, now: datetime) -> bool:
    """Take a message's segments out of the day's budget, once; False where there are not enough."""
    if session.execute(select(_s.segments).where(_s.id == message_id)).scalar_one():
        return True
    day = city.today(now).isoformat()
    session.execute(_OPEN_DAY[dialect_of(session)], {"city": city.code, "day": day, "segments": 0})
    fits = (_b.city == city.code) & (_b.day == day) & (_b.segments + segments <= limit)
    took = update(_BUDGET).where(fits).values(segments=_b.segments + segments).returning(_b.segments)
    if session.execute(took).first() is None:
        return False
    session.execute(update(_SMS).where(_s.id == message_id).values(segments=segments))
    return True


def left_today(session: Session, city: City, limit: int, now: datetime) -> int:
    """How many segments the city may still send today."""
    whose = (_b.city == city.code) & (_b.day == city.today(now).isoformat())
    return limit - (session.execute(select(_b.segments).where(whose)).scalar() or 0)


def refuse(session: Session, message_id: UUID, why: Why, code: str, city: City, now: datetime) -> None:
    """The message will not be sent: its segments come back, and another way is looked for."""
    row = session.execute(select(*_s).where(_s.id == message_id).with_for_update()).one()
    if row.segments:
        day = (_b.city == city.code) & (_b.day == city.today(now).isoformat()) & (_b.segments >= row.segments)
        session.execute(update(_BUDGET).where(day).values(segments=_b.segments - row.segments))
    _settle(session, row, Receipt(None, SmsStatus.REFUSED, code or why), now, why, segments=0)


def report(session: Session, message_id: UUID, receipt: Receipt, now: datetime) -> bool:
    """What the provider says of a message; an older word never overwrites a newer one. False: nothing changed."""
    row = session.execute(select(*_s).where(_s.id == message_id).with_for_update()).first()
    if row is None or (row.external_id and receipt.external_id and row.external_id != receipt.external_id):
        log.warning("sms_receipt_unknown", message=str(message_id))
        return False
    if _RANK[receipt.status] <= _RANK[SmsStatus(row.status)]:
        if receipt.external_id and not row.external_id:  # the receipt overtook the answer to our own call
            session.execute(update(_SMS).where(_s.id == row.id).values(external_id=receipt.external_id))
        return False
    _settle(session, row, receipt, now, _why(receipt))
    return True


def resting(session: Session, phone: str, now: datetime) -> bool:
    """Whether texts to this number came back undelivered a short while ago."""
    since = stops.undelivered_since(session, phone)
    return since is not None and since > now - _NUMBER_REST


def _why(receipt: Receipt) -> str:
    return "not_configured" if receipt.status is SmsStatus.NOT_SENT else "undelivered"


def _settle(session: Session, row: Row[Any], receipt: Receipt, now: datetime, why: str, **more: Any) -> None:
    """Keep the word and pass it on to the message's delivery."""
    known = {"external_id": receipt.external_id} if receipt.external_id else {}
    values = {"status": receipt.status, "code": receipt.code[:100] or None, "updated_at": now} | known | more
    session.execute(update(_SMS).where(_s.id == row.id).values(**values))
    TEXTS.labels(row.provider, receipt.status).inc()
    if receipt.status is SmsStatus.SENT:
        SEGMENTS.labels(row.provider).inc(row.segments)
    if row.delivery_id is None:
        return
    match receipt.status:
        case SmsStatus.SENT:
            deliveries.sent(session, row.delivery_id, CHANNEL, now)
        case SmsStatus.DELIVERED:
            deliveries.delivered(session, row.delivery_id, CHANNEL, now)
        case SmsStatus.UNDELIVERED | SmsStatus.REFUSED | SmsStatus.NOT_SENT:
            deliveries.failed(session, row.delivery_id, CHANNEL, why, now)
