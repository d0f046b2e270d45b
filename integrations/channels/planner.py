"""The cheapest allowed way to reach a citizen now (触达方式): open chat, WeChat, its notice, a text, a person's call.

It only reads and decides; `handover` carries it out. Every way that is passed over says why, for the ticket's page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from integrations.bootstrap import House
from integrations.channels.letter.account import can_send
from integrations.channels.pack import Pack, pack_of
from integrations.channels.sms import ledger, stops, words
from integrations.channels.sms.providers import configured, provider_of
from integrations.channels.wechat import budget
from integrations.channels.wechat.account import CHANNEL as WECHAT
from integrations.channels.wechat.account import Account
from ticketing import letters
from ticketing.messages import CONVERSATION, MESSAGE
from ticketing.models import Author, ChannelContact, Citizen
from ticketing.notices import Purpose
from ticketing.privacy import unseal
from ticketing.texts import mobile

MUST_HEAR = frozenset({Purpose.REJECTED, Purpose.EXTENDED, Purpose.INTERIM, Purpose.SUSPENDED})


class Way(StrEnum):
    """网页对话, 微信, 微信订阅通知, 电子邮件, 短信, 人工电话; the cheapest first."""

    WEB = "web"
    WECHAT = "wechat"
    NOTICE = "wechat_notice"
    LETTER = "letter"
    SMS = "sms"
    WAITING = "web_waiting"
    CALL = "call"


_PREFERRED: Mapping[str, tuple[Way, ...]] = {
    "web": (Way.WEB, Way.WAITING),
    "wechat": (Way.WECHAT, Way.NOTICE),
    "sms": (Way.SMS,),
}
_REASONS = {
    Way.WEB: "open_now",
    Way.WECHAT: "window_open",
    Way.NOTICE: "notice_accepted",
    Way.LETTER: "wrote_a_letter",
    Way.SMS: "phone_known",
    Way.WAITING: "waits_in_chat",
    Way.CALL: "must_hear",
}
_SILENT = frozenset({Way.WEB, Way.WAITING, Way.LETTER})


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation that a message can be written into."""

    id: UUID
    channel: str
    address: str
    heard_at: datetime | None


@dataclass(frozen=True, slots=True)
class Reach:
    """Where a citizen can be found: the conversation of the matter, WeChat, a phone, and what they prefer."""

    talk: Talk | None
    wechat: Talk | None
    notices: frozenset[str]
    phone: str | None
    prefers: str | None


@dataclass(frozen=True, slots=True)
class Plan:
    """The way chosen; None where there is none. `reason` is a code with what was passed over and why."""

    channel: Way | None
    reason: str
    run_at: datetime
    reach: Reach


@dataclass(frozen=True, slots=True)
class _Asked:
    session: Session
    house: House
    pack: Pack
    reach: Reach
    purpose: str
    now: datetime


def plan(
    session: Session,
    house: House,
    *,
    citizen_id: UUID | None,
    conversation_id: UUID | None,
    purpose: str,
    urgent: bool,
    now: datetime,
    failed: Mapping[str, str] | None = None,
) -> Plan:
    """Choose a way; those in `failed` had their turn."""
    reach = reach_of(session, citizen_id, conversation_id)
    asked = _Asked(session, house, pack_of(house.settings.city), reach, purpose, now)
    passed: dict[Way, str] = {}
    for way in _order(reach.prefers, urgent=urgent):
        why_not = (failed or {}).get(way) or _OBJECTIONS[way](asked)
        if why_not is None:
            reason = "preferred" if way in _PREFERRED.get(reach.prefers or "", ()) else _REASONS[way]
            return Plan(way, _told(reason, passed), _rings_at(house, way, now, urgent=urgent), reach)
        if why_not:
            passed[way] = why_not
    return Plan(None, _told("no_way", passed), now, reach)


def reach_of(session: Session, citizen_id: UUID | None, conversation_id: UUID | None) -> Reach:
    """Everything that is known of where this citizen can be found."""
    talk = _talk(session, CONVERSATION.c.id == conversation_id) if conversation_id else None
    wechat = talk if talk is not None and talk.channel == WECHAT else None
    bound = _bound(session, citizen_id) if wechat is None and citizen_id is not None else None
    if bound is not None:
        wechat = _talk(session, (CONVERSATION.c.channel == WECHAT) & (CONVERSATION.c.address_index == bound))
    known = select(Citizen.phone_sealed, Citizen.prefers).where(Citizen.id == citizen_id)
    person = session.execute(known).first() if citizen_id else None
    phone = unseal(session, person.phone_sealed) if person else None
    if phone is None and talk is not None and talk.channel == "sms":
        phone = talk.address
    notices = budget.notices(session, wechat.address) if wechat else frozenset()
    return Reach(talk, wechat, notices, phone, person.prefers if person else None)


def _order(prefers: str | None, *, urgent: bool) -> tuple[Way, ...]:
    """The cheapest first, what the citizen prefers before that; an urgent matter waits in no chat while people call."""
    last = (Way.CALL, Way.WAITING) if urgent else (Way.WAITING, Way.CALL)
    ways = [Way.WEB, Way.WECHAT, Way.NOTICE, Way.LETTER, Way.SMS, *last]
    wished = [way for way in _PREFERRED.get(prefers or "", ()) if not (urgent and way is Way.WAITING)]
    return tuple(dict.fromkeys([*wished, *ways]))


def _rings_at(house: House, way: Way, now: datetime, *, urgent: bool) -> datetime:
    """Nobody is woken (静默时段) but for urgent matters; a chat does not ring, people call at the hours of calls."""
    if urgent or way in _SILENT:
        return now
    calls = house.city.callbacks
    return calls.hours.next(now) if way is Way.CALL else calls.quiet.end(now)


def _told(reason: str, passed: Mapping[Way, str]) -> str:
    return ";".join([reason, *(f"{way}={why}" for way, why in passed.items())])


def _web(asked: _Asked) -> str | None:
    """None: possible. Empty: there is no such thing. Else why not."""
    talk = asked.reach.talk
    if talk is None or talk.channel != "web":
        return ""
    fresh = talk.heard_at is not None and talk.heard_at > asked.now - asked.pack.open_for
    return None if fresh else "not_open"


def _waiting(asked: _Asked) -> str | None:
    return None if asked.reach.talk is not None and asked.reach.talk.channel == "web" else ""


def _wechat(asked: _Asked) -> str | None:
    if asked.reach.wechat is None:
        return ""
    if not _has_account(asked.house):
        return "not_configured"
    return None if budget.reachable(asked.session, asked.reach.wechat.address, asked.now) else "window_closed"


def _notice(asked: _Asked) -> str | None:
    template = asked.pack.notice.template
    if asked.reach.wechat is None or not template:
        return ""
    if not _has_account(asked.house):
        return "not_configured"
    return None if template in asked.reach.notices else "not_accepted"


def _letter(asked: _Asked) -> str | None:
    talk = asked.reach.talk
    if talk is None or talk.channel != letters.CHANNEL:
        return ""
    if not can_send(asked.house.settings):
        return "not_configured"
    return None if letters.reachable(asked.session, talk.address) else "came_back"


def _sms(asked: _Asked) -> str | None:
    phone = mobile(asked.reach.phone or "")
    if asked.reach.phone is None:
        return ""
    if phone is None:
        return "land_line"
    session, house, now = asked.session, asked.house, asked.now
    provider = provider_of(house.settings)
    objections: tuple[tuple[str, Callable[[], bool]], ...] = (
        ("not_configured", lambda: not configured(house.settings)),
        ("template", lambda: words.template_of(asked.purpose, provider, asked.pack, house.replies) is None),
        ("stopped", lambda: stops.stopped(session, phone)),
        ("undelivered", lambda: ledger.resting(session, phone, now)),
        ("budget", lambda: ledger.left_today(session, house.city, asked.pack.daily_segments, now) < 1),
    )
    return next((why for why, holds in objections if holds()), None)


def _call(asked: _Asked) -> str | None:
    return None if asked.reach.phone is not None and asked.purpose in MUST_HEAR else ""


_OBJECTIONS: Mapping[Way, Callable[[_Asked], str | None]] = {
    Way.WEB: _web,
    Way.WECHAT: _wechat,
    Way.NOTICE: _notice,
    Way.LETTER: _letter,
    Way.SMS: _sms,
    Way.WAITING: _waiting,
    Way.CALL: _call,
}


def _has_account(house: House) -> bool:
    account = Account.of(house.settings)
    return account is not None and bool(account.secret)


def _talk(session: Session, which: object) -> Talk | None:
    """The newest running conversation that fits."""
    c = CONVERSATION.c
    open_ = select(c.id, c.channel, c.address_sealed).where(which, c.closed_at.is_(None))
    row = session.execute(open_.order_by(c.opened_at.desc()).limit(1)).first()
    if row is None:
        return None
    said = (MESSAGE.c.conversation_id == row.id) & (MESSAGE.c.author == Author.CITIZEN)
    heard = select(MESSAGE.c.created_at).where(said).order_by(MESSAGE.c.seq.desc()).limit(1)
    return Talk(row.id, row.channel, unseal(session, row.address_sealed), session.execute(heard).scalar())


def _bound(session: Session, citizen_id: UUID) -> bytes | None:
    """The WeChat address a citizen bound last."""
    own = (ChannelContact.citizen_id == citizen_id) & (ChannelContact.channel == WECHAT)
    found = select(ChannelContact.address_index).where(own, ChannelContact.left_at.is_(None))
    return session.execute(found.order_by(ChannelContact.bound_at.desc()).limit(1)).scalar()
