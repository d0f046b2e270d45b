"""What a letter becomes (来信办理): a ticket, a supplement to one, or nothing; and the answer its writer gets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import update
from sqlalchemy.orm import Session

from bot.triage import Alarm, Finding, hear
from integrations import attachments
from integrations.bootstrap import House
from integrations.channels.letter import bounces, manners, outgoing, threads
from integrations.channels.letter.account import Account
from integrations.channels.letter.parsing import Enclosure, Parsed, parse
from integrations.consoles.words import Words
from ticketing import alarms, conversations, intake, letters, particulars
from ticketing.alarms import raise_alarm
from ticketing.attachments import MAX_FILES, Origin
from ticketing.conversations import Inbound
from ticketing.errors import Conflict, Invalid
from ticketing.intake import MAX_CONTENT, AppealDraft
from ticketing.jobs import Job
from ticketing.letters import CHANNEL, Stored
from ticketing.messages import MESSAGE
from ticketing.models import AlarmLevel, AttachmentPart, LetterStatus, Role, Ticket
from ticketing.numbering import query_code
from ticketing.workflow import Actor

log = structlog.get_logger()
_CITIZEN, _BOT = Actor(Role.CITIZEN), Actor(Role.BOT)
_CUT = 4800  # of a longer letter the ticket has the beginning; all of it is enclosed


@dataclass(frozen=True, slots=True)
class Read:
    """A letter with what the bot makes of it."""

    id: UUID
    letter: Parsed
    words: str
    recommendation: dict[str, Any]
    danger: Finding | None


def carry_out(house: House, job: Job, now: datetime) -> None:
    """Handle a stored letter; done again after a crash it goes on where it was."""
    with house.database.read() as session:
        stored = letters.stored(session, UUID(job.payload["letter"]))
    account = Account.of(house.settings)
    if stored is None or account is None:
        return
    letter = parse(stored.raw)
    if stored.status is LetterStatus.STORED and _nothing_to_do(house, stored, letter, account, now):
        return
    read = _read(house, stored.id, letter)
    with house.database.write() as session:
        status, ticket_id = _settled(house, session, stored, read, account, now)
    refused = _enclosed(house, stored, read, status, ticket_id, now)
    with house.database.write() as session:
        _answer(house, session, read, (status, ticket_id, stored.whole), refused, account, now)
        letters.finished(session, stored.id)
    house.live.publish("tickets")


def _nothing_to_do(house: House, stored: Stored, letter: Parsed, account: Account, now: datetime) -> bool:
    """Reports of what came back, and letters that nobody wrote."""
    report = bounces.report_of(letter)
    why = manners.refusal(letter, account) if report is None else "delivery_report"
    if why is None:
        return False
    status = LetterStatus.BOUNCE if report else LetterStatus.REFUSED
    with house.database.write() as session:
        if report is not None:
            bounces.note(session, report, account.domain, now)
        letters.refused(session, stored.id, status, why)
    log.info("letter_refused", why=why)
    return True


def _read(house: House, letter_id: UUID, letter: Parsed) -> Read:
    """The words, where they should go, and whether somebody is in danger."""
    told = "\n".join(part for part in (letter.subject, letter.text) if part)
    words = told or house.replies.text("letter.empty")
    heard = hear(told[:MAX_CONTENT])
    finding = house.bot.triage.look(heard, house.bot.opening(heard.text)) if told else None
    danger = finding if finding is not None and finding.alarm is Alarm.EMERGENCY else None
    routed = house.bot.router.recommend(words[:MAX_CONTENT]).to_json()
    return Read(letter_id, letter, words, routed, danger)


def _settled(
    house: House, session: Session, stored: Stored, read: Read, account: Account, now: datetime
) -> tuple[LetterStatus, UUID]:
    """The ticket of a letter, made or added to now unless that was done before."""
    if stored.ticket_id is not None:
        return stored.status, stored.ticket_id
    letters.heard(session, read.letter.address, now)
    found = threads.ticket_of(session, read.letter, account.domain)
    if found is not None and letters.open_still(found):
        status, ticket_id = LetterStatus.SUPPLEMENT, found.id
        particulars.supplement(session, ticket_id, _CITIZEN, now, note=_shown(house, read.words))
        _say(session, house, read, now)
    else:
        conversation_id = _say(session, house, read, now)
        draft = _draft(house, read, conversation_id, found.number if found else None)
        made = intake.register(session, draft, read.recommendation, house.city, now, _BOT, f"letter:{read.id}")
        status, ticket_id = LetterStatus.TICKET, made.ticket_id
    ring(session, house, f"letter:{read.id}", read.words, read.danger, now)
    letters.became(session, stored.id, status, ticket_id)
    return status, ticket_id


def _shown(house: House, words: str, before: str = "") -> str:
    words = before + words
    return words if len(words) <= MAX_CONTENT else words[:_CUT] + house.replies.text("letter.goes_on")


def _say(session: Session, house: House, read: Read, now: datetime) -> UUID:
    return say(session, house, read.letter.address, _shown(house, read.words), f"letter:{read.id}", now)


def say(session: Session, house: House, address: str, words: str, key: str, now: datetime) -> UUID:
    """A letter in its writer's conversation: people read it there, and the bot has nothing to answer."""
    inbound = Inbound(CHANNEL, address, words, key, house.city.code)
    recorded = conversations.record(session, inbound, now)
    session.execute(update(MESSAGE).where(MESSAGE.c.id == recorded.message_id).values(due_at=None))
    return recorded.conversation.id


def _draft(house: House, read: Read, conversation_id: UUID, earlier: str | None) -> AppealDraft:
    before = house.replies.text("letter.follows", number=earlier) + "\n" if earlier else ""
    return AppealDraft(
        kind=read.recommendation["kind"],
        content=_shown(house, read.words, before),
        place=None,
        region=None,
        happened=None,
        phone=None,
        name=None,
        anonymous=False,
        confidential=False,
        wants_reply=True,
        channel=CHANNEL,
        conversation_id=conversation_id,
        city=house.city.code,
        title=read.letter.subject or None,
    )


def ring(session: Session, house: House, key: str, words: str, danger: Finding | None, now: datetime) -> None:
    """People on duty hear of danger and of risks, as with every other channel."""
    name = danger.name if danger else house.bot.risks.found(hear(words[:MAX_CONTENT]).text)
    if name is None:
        return
    level = AlarmLevel.EMERGENCY if danger else AlarmLevel.RISK
    number = danger.number if danger else None
    alarm = alarms.Alarm(key, house.city.code, level, name, number, None, CHANNEL, words)
    raise_alarm(session, alarm, house.bot.risks.times, now)


def _enclosed(
    house: House, stored: Stored, read: Read, status: LetterStatus, ticket_id: UUID, now: datetime
) -> list[str]:
    """Give the ticket its files; returns a line for each that was not taken, with the reason."""
    part = AttachmentPart.SUPPLEMENT if status is LetterStatus.SUPPLEMENT else AttachmentPart.CITIZEN
    files, words, refused = list(read.letter.enclosures), Words(house.replies, house.city.zone), []
    if len(read.words) > _CUT:
        files.insert(0, Enclosure(house.replies.text("letter.whole_name"), read.words.encode()))
    for number, one in enumerate(files[:MAX_FILES]):
        origin = Origin(part, _CITIZEN, key=f"letter:{stored.id}:{number}", ticket_id=ticket_id)
        try:
            attachments.keep(house, one.data, one.name, origin, now)
        except (Invalid, Conflict) as error:
            refused.append(house.replies.text("letter.not_taken", name=one.name, why=words.error(error)))
    left = len(files[MAX_FILES:]) + read.letter.dropped
    return [*refused, house.replies.text("letter.too_many", count=left, limit=MAX_FILES)] if left else refused


def _answer(
    house: House,
    session: Session,
    read: Read,
    became: tuple[LetterStatus, UUID, bool],
    refused: list[str],
    account: Account,
    now: datetime,
) -> None:
    """Tell number, query code and due time, or what was added to; never more than so many answers a day."""
    status, ticket_id, whole = became
    address = read.letter.address
    if account.smtp is None or not letters.may_answer(session, read.id, address, account.answers, now):
        log.info("letter_not_answered", configured=account.smtp is not None)
        return
    ticket = session.get_one(Ticket, ticket_id)
    own = letters.wrote(session, ticket, address)
    parts = [_danger(house, read), told(house, session, ticket, added=status is LetterStatus.SUPPLEMENT, own=own)]
    parts += [] if whole else [house.replies.text("letter.too_large")]
    parts += ["\n".join([house.replies.text("letter.files"), *refused])] if refused else []
    text = "\n\n".join(part for part in [*parts, house.replies.text("letter.foot", city=house.city.name)] if part)
    subject = house.replies.text("letter.subject", number=ticket.number)
    thread = [one for one in (read.letter.message_id, *read.letter.references) if one]
    outgoing.send(
        session, address, subject, text, f"answer:{read.id}", now, number=ticket.number, about=read.id, answers=thread
    )


def _danger(house: House, read: Read) -> str:
    if read.danger is None:
        return ""
    return house.replies.text(f"triage.emergency.{read.danger.name}", number=read.danger.number)


def told(house: House, session: Session, ticket: Ticket, *, added: bool, own: bool = True) -> str:
    """What the writer is told: of their own ticket the query code too."""
    if added:
        return house.replies.text("letter.added", number=ticket.number)
    promised = ticket.promised_at.astimezone(house.city.zone)
    until = f"{promised.month}月{promised.day}日 {promised:%H:%M}"
    code = query_code(session, ticket.id) if own else ""
    progress = f"{house.settings.url}/t"
    return house.replies.text("letter.registered", number=ticket.number, code=code, until=until, progress=progress)
