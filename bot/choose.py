"""Which flow answers a message: what triage found, then the form that is open, then what the message itself asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from bot.bot import Bot
from bot.flows import (
    alarm,
    appeal,
    binding,
    consult,
    directory,
    faq,
    handoff,
    life_event,
    materials,
    notices,
    progress,
    region,
    several,
    smalltalk,
)
from bot.flows.consult import Reading
from bot.flows.details import phone_in
from bot.flows.turn import Outcome, Turn
from bot.guides.elements import asks
from bot.guides.linker import Decision
from bot.leaning import Group, Leaning, informed
from bot.openings import InForm
from bot.reply import Action
from bot.state import AppealForm, BindingForm, ProgressForm, Step
from bot.triage import Alarm, Finding
from ticketing.models import Kind

# How sure the classifier must be; chosen on nlu_data/dev, see `./hotline bench understanding`.
_EMERGENCY = 0.36
_APPEAL_OVER_ITEM = 0.5
_SURE_ITEM = 0.9
_CONTINUES = 0.0
_EARLIER_ONE = 0.2
_APPEAL_OVER_POLICY = 0.8
_CLEAR = 0.6
_GENERAL_OUTLET = 0.6
_OUTLET_HEARD = 0.7
APPEALS = frozenset(kind.value for kind in appeal.KINDS.values())
# Whose a matter is that the hotline cannot take up, as nlu_data/openings name it.
OUTLETS: Mapping[str, str] = MappingProxyType(
    {
        "court": "12368",
        "arbitration": "ARBITRATION",
        "review": "REVIEW",
        "petition": "XF-PETITION",
        "discipline": "12388",
        "disclosure": "OPEN-GOV",
        "secret": "STATE-SECRET",
        "order": "PUBLIC-ORDER",
    }
)
_QUESTION_IN_FORM, _SURELY_ASKS = 0.6, 0.8
_MATTER = 3


def decide(bot: Bot, turn: Turn) -> Outcome:
    """Choose the flow and let it answer. Pure but for reading the clock-free parts of the bot."""
    if turn.wordless:
        return materials.received(bot, turn)
    turn = region.heard(bot, turn)
    outcome = _before_all(bot, turn) or _expected(bot, turn) or _fresh(bot, turn)
    outcome = materials.beside(turn, alarm.watching(bot, turn, outcome))
    return outcome.saying(before=bot.say("triage.cut")) if turn.heard.cut else outcome


def _before_all(bot: Bot, turn: Turn) -> Outcome | None:
    """What comes before any flow: emergencies, a person, what cannot be read."""
    if turn.heard.refused:
        return handoff.refused(bot, turn)
    if not turn.text:
        return handoff.empty(bot, turn)
    finding = turn.finding or _suspected(bot, turn)
    if finding is None or (finding.alarm is Alarm.EMERGENCY and _only_a_thing(bot, turn)):
        return None
    match finding.alarm:
        case Alarm.EMERGENCY:
            return handoff.emergency(bot, turn, finding)
        case Alarm.INJECTION:
            return handoff.injection(bot, turn)
        case Alarm.HUMAN:
            return handoff.person(bot, turn)


def _only_a_thing(bot: Bot, turn: Turn) -> bool:
    """“身份证” – which? – “掉河里了，捞不上来”: what completes a question and names nobody tells of a thing."""
    if not turn.state.offered or not bot.cues.mentions("sunk", turn.text) or bot.cues.mentions("somebody", turn.text):
        return False
    return consult.completes(bot, turn)


def _suspected(bot: Bot, turn: Turn) -> Finding | None:
    if turn.parse.intent != "emergency" or turn.parse.confidence < _EMERGENCY:
        return None
    return bot.triage.suspected(turn.heard, turn.opening)


def _expected(bot: Bot, turn: Turn) -> Outcome | None:
    """The flow that waits for this message, if there is one and the message is for it."""
    state = turn.state
    if state.form:
        return _in_form(bot, turn, state.form)
    if state.progress:
        return _in_progress(bot, turn, state.progress)
    if state.binding:
        return _in_binding(bot, turn, state.binding)
    if state.offered:
        return consult.choose(bot, turn)
    if state.waiting:
        turn = turn if region.only_names_it(bot, turn) else turn.remembering(waiting=None)
        return _one(bot, notices.as_before(turn)) if turn.state.waiting else _fresh(bot, turn)
    return _put_off(bot, turn) if state.later else None


def _put_off(bot: Bot, turn: Turn) -> Outcome:
    """A matter of an earlier message waits for a yes or a no; asked once more behind another answer, then let go."""
    later = turn.state.later
    if bot.cues.says("agree", turn.text):
        again = several.recalled(turn)
        return appeal.start(bot, again, _kind(bot, again)) if later[0].appeal else _fresh(bot, again)
    if bot.cues.says("disagree", turn.text) or bot.cues.says("cancel", turn.text):
        return several.dropped(bot, turn)
    outcome = _fresh(bot, replace(turn, state=turn.state.but(later=())))
    if outcome.reply.action is not Action.ANSWER or later[0].reminded or outcome.state.later:
        return outcome
    return several.offering(bot, outcome, tuple(one.model_copy(update={"reminded": True}) for one in later))


def _in_form(bot: Bot, turn: Turn, form: AppealForm) -> Outcome:
    if _is_question(bot, turn, form):
        reading = consult.read(bot, turn)
        if reading.link.decision is Decision.ANSWER:
            return appeal.resume(bot, turn, form, consult.answer(bot, turn, reading))
        question = bot.faq.asked(turn.text, names_item=False)
        if question is not None:
            return appeal.resume(bot, turn, form, faq.answer(bot, turn, question))
        if turn.does(InForm.QUESTION, _SURELY_ASKS):
            return appeal.not_now(bot, turn, form)
    outcome = appeal.go_on(bot, turn, form)
    done = outcome.state.form is None and outcome.state.later
    return several.offering(bot, outcome, outcome.state.later) if done else outcome


def _is_question(bot: Bot, turn: Turn, form: AppealForm) -> bool:
    """Whether a message inside the form asks about a service instead of answering the form."""
    if any(bot.cues.says(cue, turn.text) for cue in ("agree", "disagree", "cancel", "anonymous", "unknown")):
        return False
    leaning = Leaning.of(turn.parse)
    asked = leaning.share(Group.ASK) >= _QUESTION_IN_FORM and _asking(bot, turn)
    return (asked or turn.does(InForm.QUESTION)) and phone_in(turn.text) is None and form.step is not Step.CONTENT


def _in_progress(bot: Bot, turn: Turn, form: ProgressForm) -> Outcome:
    """Digits, a cancel or a mere remark belong to the query; a new matter leaves it."""
    if progress.gives_something(turn.text) or bot.cues.says("cancel", turn.text):
        return progress.go_on(bot, turn, form)
    heard = informed(turn.parse, turn.opening.shares) if turn.opening else turn.parse
    leaning = Leaning.of(heard)
    if leaning.group in {Group.APPEAL, Group.ASK} and leaning.share(leaning.group) >= _QUESTION_IN_FORM:
        return _fresh(bot, replace(turn, parse=heard, state=turn.state.but(progress=None)))
    return progress.go_on(bot, turn, form)


def _in_binding(bot: Bot, turn: Turn, form: BindingForm) -> Outcome:
    """Digits, a cancel or a mere remark belong to the binding; a new matter leaves it."""
    leaning = Leaning.of(turn.parse)
    if binding.gives_something(turn.text) or bot.cues.says("cancel", turn.text):
        return binding.go_on(bot, turn, form)
    if leaning.group in {Group.APPEAL, Group.ASK} and leaning.share(leaning.group) >= _QUESTION_IN_FORM:
        return _fresh(bot, replace(turn, state=turn.state.but(binding=None)))
    return binding.go_on(bot, turn, form)


def _fresh(bot: Bot, turn: Turn) -> Outcome:
    """A message nobody waits for; of several matters each, if each stands alone."""
    turn = replace(turn, state=turn.state.but(offered=(), asked=()))
    if turn.parts:
        outcome = several.together(bot, [(part, _part(bot, part)) for part in turn.parts])
        if outcome is not None:
            return outcome
    return _one(bot, turn)


def _part(bot: Bot, part: Turn) -> Outcome:
    """One of several matters; a short grievance that the classifier hears as mere anger is what the catalogue says."""
    outcome = _one(bot, part)
    if outcome.reply.action not in {Action.HUMAN, Action.ABSTAIN, Action.OUT_OF_SCOPE}:
        return outcome
    duties = bot.router.catalogue.duties_in(part.text)
    return appeal.start(bot, part, _kind(bot, part)) if duties else outcome


def _one(bot: Bot, turn: Turn) -> Outcome:
    """A message about one matter: what a notice says comes first, then the flow the message asks for."""
    noticed = notices.told(bot, turn, appeal=_grieves(turn)) if turn.notices else None
    return noticed or _ordinary(bot, turn)


def _grieves(turn: Turn) -> bool:
    """Whether the message would rather be registered than answered."""
    return Leaning.of(turn.parse).group in {Group.APPEAL, Group.ANGER}


def _ordinary(bot: Bot, turn: Turn) -> Outcome:
    """A message no notice answers."""
    if turn.channel in binding.CHANNELS and (bound := binding.asked(bot, turn)):
        return bound
    if bot.cues.says("solved", turn.text):
        return smalltalk.talk(bot, turn, "solved")
    if bot.cues.says("identity", turn.text):
        return smalltalk.talk(bot, turn, "bot_identity")
    if bot.cues.says("compliment", turn.text):
        return smalltalk.talk(bot, turn, "compliment")
    if bot.cues.says("unsolved", turn.text) and turn.state.item:
        return consult.unsolved(bot, turn)
    if bot.cues.says("status_asked", turn.text):
        return progress.start(bot, turn)
    if bot.cues.says("appeal_opening", turn.text):
        return appeal.start(bot, turn, _kind(bot, turn), empty=True)
    if region.only_names_it(bot, turn) and (answered := consult.again(bot, turn)):
        return answered
    reading = consult.read(bot, turn)
    beside = _beside_guides(bot, turn, reading)
    if beside is not None:
        return beside
    leaning = Leaning.of(turn.parse).without(Group.EMERGENCY)  # triage has said that it is none
    outlet = bot.cues.outlet(turn.text) or _outlet_heard(turn)
    asks_item = leaning.group is Group.ASK and reading.link.decision is Decision.ANSWER and reading.link.named
    if outlet and (not asks_item or outlet in bot.cues.lists["firm_outlets"]):
        return smalltalk.not_accepted(bot, turn, outlet)
    outright = leaning.share(Group.NOT_ACCEPTED) < _GENERAL_OUTLET and not _asking(bot, turn)
    if outright and (matter := bot.cues.after("appeals_outright", turn.text)) is not None:
        return appeal.start(bot, turn, _kind(bot, turn), empty=len(matter) < _MATTER)
    return _by_group(bot, turn, reading, leaning)


def _outlet_heard(turn: Turn) -> str | None:
    """The outlet of what surely sounds like none of the hotline's."""
    opening = turn.opening
    sure = opening and opening.shares.get(Group.NOT_ACCEPTED, 0.0) >= _OUTLET_HEARD
    return OUTLETS.get(opening.outlet, "general") if opening and sure else None


def _beside_guides(bot: Bot, turn: Turn, reading: Reading) -> Outcome | None:
    """What is answered beside the guides of single items: a whole life event, a policy question, a place to go to."""
    named = reading.link.decision is Decision.ANSWER and bool(reading.link.named)
    chain = _life_event(bot, turn, reading, named=named)
    if chain is not None:
        return chain
    question = bot.faq.asked(turn.text, names_item=named)
    appealing = Leaning.of(turn.parse).share(Group.APPEAL)
    if question is not None and (question.firm or appealing < _APPEAL_OVER_POLICY):
        return faq.answer(bot, turn, question)
    if named or _grieves(turn):
        return None
    if bot.cues.mentions("commercial_insurance", turn.text):
        return smalltalk.out_of_scope(bot, turn, "insurance")
    kind = bot.directory.asked(turn.text)
    return directory.places(bot, turn, kind) if kind else None


def _life_event(bot: Bot, turn: Turn, reading: Reading, *, named: bool) -> Outcome | None:
    """A whole chain is asked for, or a step of the one just told."""
    event = bot.life_events.asked(turn.text, names_item=named)
    if event is not None:
        return life_event.whole(bot, turn, event)
    told = bot.life_events.get(turn.state.event)
    return life_event.follow(bot, turn, told, reading) if told else None


def _by_group(bot: Bot, turn: Turn, reading: Reading, leaning: Leaning) -> Outcome:
    group = leaning.group
    if _goes_on(bot, turn, reading, leaning.share(group)):
        return consult.consult(bot, turn, reading)
    found = reading.link.decision is Decision.ANSWER and reading.link.content
    sure = found and (bool(reading.link.named) or leaning.share(group) < _CLEAR)
    match group:
        case Group.APPEAL if _asks_how_far(bot, turn, leaning):
            return progress.start(bot, turn)
        case Group.APPEAL if not (found and _asks_of_item(bot, turn, reading, leaning)):
            return appeal.start(bot, turn, _kind(bot, turn))
        case Group.TICKET if not sure or bot.cues.mentions("status_words", turn.text):
            return progress.start(bot, turn)
        case Group.ASK if not reading.link.named and bot.cues.mentions("status_words", turn.text):
            return progress.start(bot, turn)
        case Group.HANDOFF if not sure:
            return handoff.person(bot, turn)
        case Group.ANGER if not sure:
            return handoff.anger(bot, turn)
        case Group.TALK if not sure and turn.parse.intent in smalltalk.INTENTS:
            return smalltalk.talk(bot, turn)
        case Group.OUT_OF_SCOPE if not sure:
            return smalltalk.out_of_scope(bot, turn)
        case Group.NOT_ACCEPTED if not sure and leaning.share(Group.NOT_ACCEPTED) >= _GENERAL_OUTLET:
            return smalltalk.not_accepted(bot, turn, "general")
    return consult.consult(bot, turn, reading)


def _goes_on(bot: Bot, turn: Turn, reading: Reading, share: float) -> bool:
    """Whether a message that could be many things goes on with the talk (“旧的早扔了还给补不”, “说岔了，我是……”)."""
    if not turn.state.item or share >= _CLEAR:
        return False
    stays = not reading.link.content and reading.link.continues > _CONTINUES
    return stays or bot.cues.mentions("misspoken_anywhere", turn.text)


def _asks_how_far(bot: Bot, turn: Turn, leaning: Leaning) -> bool:
    """Whether what sounds like an appeal asks how far an earlier one is (“投诉物业那件，办到哪步了”)."""
    return leaning.share(Group.TICKET) >= _EARLIER_ONE and bot.cues.mentions("how_far", turn.text)


def _asks_of_item(bot: Bot, turn: Turn, reading: Reading, leaning: Leaning) -> bool:
    """Whether what sounds like an appeal asks how, when or where the item is done: a story is told to ask of it."""
    if asks(turn.text, reading.known.linker.lexicon) or bot.cues.mentions("asks_how", turn.text):
        return True
    named = bool(reading.link.named) and leaning.share(Group.APPEAL) < _APPEAL_OVER_ITEM
    return named or (reading.link.confidence >= _SURE_ITEM and _asking(bot, turn))


def _asking(bot: Bot, turn: Turn) -> bool:
    """Whether the message has a word of asking in it."""
    return bot.cues.mentions("interrogatives", turn.text)


def _kind(bot: Bot, turn: Turn) -> str:
    """诉求类型: the router's, who reads the whole matter; the classifier's where it hears an enquiry: this is none."""
    routed = bot.router.recommend(turn.text).kind
    if routed in APPEALS:
        return str(routed)
    intent, _ = Leaning.of(turn.parse).best(Group.APPEAL)
    return appeal.KINDS.get(intent, Kind.HELP).value
