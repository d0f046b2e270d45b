"""What WeChat still allows (客服消息额度): five messages within 48 hours of the citizen's last sign of life."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from integrations.channels.wechat.account import CHANNEL
from ticketing.models import ChannelContact, new_id
from ticketing.privacy import keyed_hash
from ticketing.statements import dialect_of, insert_or_skip, table_of

WINDOW = timedelta(hours=48)
MESSAGES = 5
_MOST_NOTICES = 50
_CONTACT = table_of(ChannelContact)
_c = _CONTACT.c
_MEET = insert_or_skip(_CONTACT, "channel", "address_index", returning=[_c.id])


def heard(session: Session, openid: str, now: datetime) -> None:
    """The citizen gave a sign of life: the budget is full again."""
    _set(session, openid, heard_at=now, sent=0, closed_at=None, closed_reason=None, left_at=None)


def left(session: Session, openid: str, now: datetime) -> None:
    """The citizen unsubscribed (取消关注): nothing reaches them here any more."""
    _set(session, openid, left_at=now)


def closed(session: Session, openid: str, reason: str, now: datetime) -> None:
    """WeChat refuses: until the citizen writes again, another channel is better."""
    _set(session, openid, closed_at=now, closed_reason=reason)


def reserve(session: Session, openid: str, now: datetime) -> bool:
    """Take one message of the budget, durably; False where there is none."""
    taken = update(_CONTACT).where(_whose(session, openid), *_open(now)).values(sent=_c.sent + 1).returning(_c.id)
    return session.execute(taken).first() is not None


def give_back(session: Session, openid: str) -> None:
    """The message was not sent after all."""
    session.execute(update(_CONTACT).where(_whose(session, openid), _c.sent > 0).values(sent=_c.sent - 1))


def reachable(session: Session, openid: str, now: datetime) -> bool:
    """Whether a message could be sent now, for whoever chooses a channel."""
    return session.execute(select(_c.id).where(_whose(session, openid), *_open(now))).first() is not None


def notices(session: Session, openid: str) -> frozenset[str]:
    """The templates of subscription notices (订阅通知) the citizen accepts; none once they left."""
    found = select(_c.notices).where(_whose(session, openid), _c.left_at.is_(None))
    return frozenset(session.execute(found).scalar() or ())


def subscribe(session: Session, openid: str, wishes: Mapping[str, bool]) -> None:
    """Which templates the citizen accepts from now on, and which no longer."""
    kept = notices(session, openid) | {template for template, wanted in wishes.items() if wanted}
    kept -= {template for template, wanted in wishes.items() if not wanted}
    _set(session, openid, notices=sorted(kept)[:_MOST_NOTICES])


def _open(now: datetime) -> tuple[object, ...]:
    return _c.heard_at > now - WINDOW, _c.sent < MESSAGES, _c.closed_at.is_(None), _c.left_at.is_(None)


def _whose(session: Session, openid: str) -> object:
    return (_c.channel == CHANNEL) & (_c.address_index == keyed_hash(session, "address", f"{CHANNEL}\0{openid}"))


def _set(session: Session, openid: str, **values: object) -> None:
    index = keyed_hash(session, "address", f"{CHANNEL}\0{openid}")
    row = {"id": new_id(), "channel": CHANNEL, "address_index": index, "sent": 0}
    session.execute(_MEET[dialect_of(session)], row)
    session.execute(update(_CONTACT).where(_whose(session, openid)).values(**values))
