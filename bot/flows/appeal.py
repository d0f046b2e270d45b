"""Taking an appeal (登记诉求): what → where → when if needed → phone or anonymous → read back → confirm → submit.

Every turn inside the form is a `ticket`, also a cancelled one. A question in the middle is answered by `dialogue`'s
chooser, which then asks the open question again.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from bot.bot import Bot
from bot.flows import corrections, notices
from bot.flows.details import phone_in, place_in, states_time
from bot.flows.turn import Outcome, Turn, choices, reply_of
from bot.openings import InForm
from bot.reply import Action, Choice
from bot.state import AppealForm, Step
from routing.language.redaction import redact
from ticketing.intake import MAX_CONTENT, MAX_SHORT, AppealDraft, register
from ticketing.models import Kind, Role
from ticketing.privacy import mask_phone
from ticketing.public_notices import refer
from ticketing.workflow import Actor

KINDS = {
    "appeal_complaint": Kind.COMPLAINT,
    "appeal_help": Kind.HELP,
    "appeal_report": Kind.REPORT,
    "appeal_suggestion": Kind.SUGGESTION,
    "appeal_praise": Kind.PRAISE,
}
_MISSES = 2
_LEAST_CONTENT = 4
_SURELY = 0.8
_BOT = Actor(Role.BOT)


def start(bot: Bot, turn: Turn, kind: str, *, empty: bool = False) -> Outcome:
    """Open the form with what the first message already states; `empty` when it only asks to complain."""
    form = AppealForm(kind=kind, content="" if empty else turn.text)
    if not empty:
        place = place_in(bot.cues, turn.text)
        when = turn.text if states_time(bot.cues, turn.text) else None
        form = form.model_copy(update={"place": place, "happened": None if when is None else "", "phone": None})
    form = _with_contact(bot, form, turn.text)
    return _ask(bot, turn, form, before=bot.say(f"appeal.started.{kind}"))


def go_on(bot: Bot, turn: Turn, form: AppealForm) -> Outcome:
    """One step of the form with the citizen's words."""
    if turn.does(InForm.CANCEL) or (form.step is not Step.CONFIRM and bot.cues.says("cancel", turn.text)):
        return cancelled(bot, turn)
    match form.step:
        case Step.CONTENT:
            return _content(bot, turn, form)
        case Step.PLACE:
            unknown = bot.cues.says("unknown", turn.text)
            place = bot.say("appeal.place_unknown") if unknown else turn.text[:MAX_SHORT]
            return _ask(bot, turn, _with_contact(bot, form, turn.text).model_copy(update={"place": place}))
        case Step.WHEN:
            happened = "" if bot.cues.says("unknown", turn.text) else turn.text[:MAX_SHORT]
            return _ask(bot, turn, _with_contact(bot, form, turn.text).model_copy(update={"happened": happened}))
        case Step.DETAILS:
            return _details(bot, turn, form)
        case Step.CONTACT:
            return _contact(bot, turn, form)
        case Step.CONFIRM:
            return _confirm(bot, turn, form)


def resume(bot: Bot, turn: Turn, form: AppealForm, answered: Outcome) -> Outcome:
    """After a question in the middle: its answer, then the open question again."""
    again = bot.say("appeal.resume") + _question(bot, form)
    kept = Outcome(answered.reply, answered.state.but(form=form, offered=(), asked=()))
    return kept.saying(after=again).with_reply(choices=_quick(bot, form.step))


def not_now(bot: Bot, turn: Turn, form: AppealForm) -> Outcome:
    """A question in the middle without an answer here: it stays with the matter, the open question is asked again."""
    longer = f"{form.content}；{turn.text}"[:MAX_CONTENT]
    kept = turn.state.but(form=form.model_copy(update={"content": longer}))
    text = bot.say("appeal.question_kept") + _question(bot, form)
    return Outcome(reply_of(Action.TICKET, text, turn, kind=form.kind, choices=_quick(bot, form.step)), kept)


def cancelled(bot: Bot, turn: Turn) -> Outcome:
    """The citizen changed their mind; nothing is registered."""
    kind = turn.state.form.kind if turn.state.form else None
    return Outcome(reply_of(Action.TICKET, bot.say("appeal.cancelled"), turn, kind=kind), turn.state.but(form=None))


def _content(bot: Bot, turn: Turn, form: AppealForm) -> Outcome:
    if len(turn.text) < _LEAST_CONTENT and form.misses < _MISSES:
        missed = form.model_copy(update={"misses": form.misses + 1})
        return _replying(bot, turn, missed, bot.say("appeal.again_content"))
    place = form.place or place_in(bot.cues, turn.text)
    happened = "" if states_time(bot.cues, turn.text) else None
    filled = form.model_copy(update={"content": turn.text, "place": place, "happened": happened})
    return _ask(bot, turn, _with_contact(bot, filled, turn.text))


def _details(bot: Bot, turn: Turn, form: AppealForm) -> Outcome:
    """What the template wants, as far as the citizen says it; a refusal or a phone number goes on as well."""
    refused = any(bot.cues.says(cue, turn.text) for cue in ("unknown", "disagree", "anonymous"))
    contact = bot.cues.says("go_anonymous", turn.text) or phone_in(turn.text) is not None
    said = "" if refused or contact or bot.cues.says("agree", turn.text) else f"；{turn.text}"
    filled = form.model_copy(update={"details": True, "content": f"{form.content}{said}"[:MAX_CONTENT]})
    if bot.cues.mentions("no_phone", turn.text):
        filled = filled.model_copy(update={"anonymous": True})
    return _ask(bot, turn, _with_contact(bot, filled, turn.text))


def _contact(bot: Bot, turn: Turn, form: AppealForm) -> Outcome:
    """A number, a refusal (then 匿名), or neither: after the second miss nobody is pressed any more."""
    filled = _with_contact(bot, form, turn.text)
    if filled.phone or filled.anonymous:
        return _ask(bot, turn, filled)
    refused = bot.cues.says("anonymous", turn.text) or turn.does(InForm.REFUSE) or turn.parse.intent == "deny"
    if refused or form.misses + 1 >= _MISSES:
        return _ask(bot, turn, form.model_copy(update={"anonymous": True}), before=bot.say("appeal.anonymous_noted"))
    missed = form.model_copy(update={"misses": form.misses + 1})
    return _replying(bot, turn, missed, bot.say("appeal.again_contact"))


def _confirm(bot: Bot, turn: Turn, form: AppealForm) -> Outcome:
    """确认、修改、补充 or 取消 at the read-back; a correction wins over the “不对” it comes with."""
    changed = corrections.apply(bot.cues, form, turn.text)
    if changed is not None:
        return _ask(bot, turn, changed, before=bot.say("appeal.changed"))
    if bot.cues.says("cancel", turn.text):
        return cancelled(bot, turn)
    if bot.cues.says("agree", turn.text) or turn.does(InForm.AGREE, _SURELY):
        return _submit(bot, turn, form)
    if bot.cues.says("disagree", turn.text) or turn.parse.intent in {"deny", "correction"}:
        return _replying(bot, turn, form, bot.say("appeal.what_to_change"))
    if turn.parse.intent == "affirm" and len(turn.text) <= 12:
        return _submit(bot, turn, form)
    longer = f"{form.content}；{turn.text}"[:MAX_CONTENT]
    return _ask(bot, turn, form.model_copy(update={"content": longer}), before=bot.say("appeal.added"))


def _submit(bot: Bot, turn: Turn, form: AppealForm) -> Outcome:
    """Route now; register inside the transaction that stores the reply."""
    told = " ".join(part for part in (form.content, form.place) if part)
    recommendation = bot.router.recommend(told).to_json()
    region = (recommendation.get("region") or {}).get("code") or turn.state.region
    draft = _draft(bot, turn, form, region)
    done = turn.state.but(form=None)
    notice = notices.fitting(bot, turn, told, region)

    def commit(session: Session, now: datetime) -> Outcome:
        ticket = register(session, draft, recommendation, bot.city, now, _BOT, str(turn.message_id))
        promise = _promise(bot, form, ticket.promised_at)
        text = bot.say("appeal.registered", number=ticket.number, code=ticket.query_code, promise=promise)
        if notice is not None:
            refer(session, notice.id, ticket.ticket_id, now)
            text += "\n" + bot.say("public_notice.referred")
        return Outcome(reply_of(Action.TICKET, text, turn, kind=form.kind, ticket_no=ticket.number), done)

    reply = reply_of(Action.TICKET, "", turn, kind=form.kind)
    return Outcome(reply, done, commit=commit)


def _draft(bot: Bot, turn: Turn, form: AppealForm, region: str | None) -> AppealDraft:
    return AppealDraft(
        kind=form.kind,
        content=form.content,
        place=form.place,
        region=region,
        happened=form.happened or None,
        phone=form.phone,
        name=None,
        anonymous=form.anonymous,
        confidential=form.confidential or form.kind == Kind.REPORT,
        wants_reply=not form.anonymous,
        channel=turn.channel,
        conversation_id=turn.conversation_id,
        city=bot.city.code,
    )


def _promise(bot: Bot, form: AppealForm, promised_at: datetime) -> str:
    way = "appeal.promise_anonymous" if form.anonymous else "appeal.promise"
    return bot.say(way, at=bot.moment(promised_at))


def _with_contact(bot: Bot, form: AppealForm, text: str) -> AppealForm:
    """The form with a phone number or the wish for secrecy that the sentence states."""
    phone = phone_in(text) or form.phone
    secret = form.confidential or bot.cues.mentions("confidential_words", text)
    return form.model_copy(update={"phone": phone, "anonymous": form.anonymous and not phone, "confidential": secret})


def _next(bot: Bot, form: AppealForm) -> Step:
    if not form.content:
        return Step.CONTENT
    if form.place is None and form.kind in bot.cues.lists["needs_place"]:
        return Step.PLACE
    if form.happened is None and form.kind in bot.cues.lists["needs_time"]:
        return Step.WHEN
    if _wanted(bot, form):
        return Step.DETAILS
    return Step.CONFIRM if form.phone or form.anonymous else Step.CONTACT


def _ask(bot: Bot, turn: Turn, form: AppealForm, before: str = "") -> Outcome:
    """Move to the next open question and ask it."""
    asking = form.model_copy(update={"step": _next(bot, form), "misses": 0})
    return _replying(bot, turn, asking, _question(bot, asking)).saying(before=before)


def _replying(bot: Bot, turn: Turn, form: AppealForm, text: str) -> Outcome:
    reply = reply_of(Action.TICKET, text, turn, kind=form.kind, choices=_quick(bot, form.step))
    return Outcome(reply, turn.state.but(form=form, told=(), offered=(), asked=(), misses=0))


def _wanted(bot: Bot, form: AppealForm) -> tuple[str, ...]:
    """What the template of the matter still wants; nothing once it was asked, and nothing for praise or advice."""
    if form.details or form.kind not in bot.cues.lists["needs_place"]:
        return ()
    return bot.fields.missing(bot.router.catalogue, form.content)


def _question(bot: Bot, form: AppealForm) -> str:
    if form.step is Step.CONFIRM:
        return _read_back(bot, form)
    if form.step is Step.DETAILS:
        return bot.say("appeal.ask_details", fields=bot.say("appeal.joint").join(_wanted(bot, form)))
    return bot.say(f"appeal.ask_{form.step.value}")


def _read_back(bot: Bot, form: AppealForm) -> str:
    """The whole appeal in the citizen's words; the number is masked, it may be read over a shoulder."""
    contact = bot.say("appeal.contact_phone", phone=mask_phone(form.phone)) if form.phone else None
    contact = contact or bot.say("appeal.contact_anonymous")
    if form.confidential or form.kind == Kind.REPORT:
        contact += bot.say("appeal.confidential")
    return bot.say(
        "appeal.read_back",
        kind=form.kind,
        content=redact(form.content).text if form.phone and form.phone in form.content else form.content,
        place=form.place or bot.say("appeal.place_unknown"),
        happened=bot.say("appeal.happened", happened=form.happened) if form.happened else "",
        contact=contact,
    )


def _quick(bot: Bot, step: Step) -> tuple[Choice, ...]:
    cancel = (bot.say("appeal.label_cancel"), bot.say("appeal.label_cancel"))
    anonymous = (bot.say("appeal.label_anonymous"), bot.say("appeal.label_anonymous"))
    unknown = (bot.say("appeal.label_unknown"), bot.say("appeal.says_unknown"))
    confirm = (bot.say("appeal.label_confirm"), bot.say("appeal.label_confirm"))
    first = {
        Step.PLACE: unknown,
        Step.WHEN: unknown,
        Step.DETAILS: unknown,
        Step.CONTACT: anonymous,
        Step.CONFIRM: confirm,
    }.get(step)
    return choices(*([first] if first else []), cancel)
