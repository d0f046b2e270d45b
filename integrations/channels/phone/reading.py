"""The bot's reply as a caller hears it (语音应答): short sentences, then what each key means."""

from __future__ import annotations

from dataclasses import dataclass

from bot.reply import Action, Choice, Reply
from bot.state import State, Step
from integrations.channels.phone.line import Memory, Talk
from integrations.channels.phone.speech import portions
from integrations.channels.phone.steps import Ask, Say
from integrations.channels.sms import outgoing

AGAIN, SMS, NEXT, MORE = "@again", "@sms", "@next", "@more"
_TOLD = frozenset({Action.ANSWER, Action.STATUS, Action.NOT_ACCEPTED})
_MOST_CHOICES = 4
_LONGEST_TEXT = 400
_PATIENCE, _PATIENCE_FOR_DIGITS = 6, 8


@dataclass(frozen=True, slots=True)
class Menu:
    """What the keys mean after a reply, as said and as remembered; `many` when a whole number may be keyed in."""

    lines: tuple[Say, ...]
    keys: dict[str, str]
    many: bool = False


def ask(talk: Talk, reply: Reply, state: State) -> tuple[Ask, Memory]:
    """The reply as a prompt, and the memory that understands the keys pressed after it."""
    parts = portions(tuple(say.text for say in talk.speak(reply.text))) or ((),)
    memory = talk.memory.but(
        misses=_missed(talk.memory, reply), portions=parts, told=0, text=reply.text,
        answered=talk.memory.answered or reply.action is Action.ANSWER,
    )  # fmt: skip
    return told(talk, memory, menu(talk, reply, state, more=len(parts) > 1))


def told(talk: Talk, memory: Memory, shown: Menu) -> tuple[Ask, Memory]:
    """One portion and its menu as a prompt."""
    sentences = tuple(Say(one) for one in memory.portions[memory.told])
    patience = _PATIENCE_FOR_DIGITS if shown.many else _PATIENCE
    prompt = Ask(
        sentences + shown.lines, talk.then, keys=None if shown.many else 1, hints=hints(talk), patience=patience
    )
    return prompt, memory.but(keys=shown.keys, many=shown.many)


def menu(talk: Talk, reply: Reply, state: State, *, more: bool) -> Menu:
    """What may be pressed after a reply."""
    if state.form is not None and state.form.step is Step.CONTACT:
        return _contact(talk)
    if reply.action in _TOLD or (reply.ticket_no is not None and state.form is None):
        return after_answer(talk, more=more)
    return _choices(talk, reply, many=state.progress is not None)


def after_answer(talk: Talk, *, more: bool) -> Menu:
    """再听一遍, 短信发给您, 问别的, and the rest of a long answer."""
    offered = [("1", AGAIN, "repeat"), ("3", NEXT, "next_question")]
    if can_text(talk):
        offered.insert(1, ("2", SMS, "by_sms"))
    if more:
        offered.append(("4", MORE, "more"))
    lines = tuple(say for _, _, name in offered for say in talk.say(name))
    return Menu(lines, {key: meaning for key, meaning, _ in offered})


def can_text(talk: Talk) -> bool:
    """Whether this caller can be sent a text message: a mobile of theirs, and a provider of ours."""
    return talk.phone is not None and talk.phone.startswith("1") and outgoing.configured(talk.house.settings)


async def send_text(talk: Talk) -> bool:
    """Send what was told last as a text message, once a step; False where it cannot be sent."""
    house, phone = talk.house, talk.phone
    if phone is None or not can_text(talk):
        return False
    blanks = {"title": talk.word("sms_title"), "text": talk.memory.text[:_LONGEST_TEXT]}
    key = f"phone:{talk.call.id}:{talk.call.step}"
    await house.database.writing(outgoing.send, phone, "guide", blanks, key, talk.now())
    house.wake()
    return True


def _contact(talk: Talk) -> Menu:
    """The number they call from, another one, or none."""
    keys, lines = {"2": talk.word("anonymous")}, talk.say("contact_other") + talk.say("contact_none")
    if talk.phone:
        keys["1"], lines = talk.phone, talk.say("contact_caller") + lines
    return Menu(lines, keys, many=True)


def _choices(talk: Talk, reply: Reply, *, many: bool) -> Menu:
    """The reply's own choices by number; a person is always 0, and lists that are read out need no second reading."""
    offered = [choice for choice in reply.choices if _sayable(talk, choice)][:_MOST_CHOICES]
    keys = {str(n): choice.says for n, choice in enumerate(offered, 1)}
    unsaid = [(n, choice) for n, choice in enumerate(offered, 1) if choice.label not in reply.text or not reply.offered]
    lines = tuple(say for n, choice in unsaid for say in talk.say("choice", label=choice.label, key=n))
    return Menu(lines, keys, many=many)


def _sayable(talk: Talk, choice: Choice) -> bool:
    return not choice.says.startswith("tel:") and choice.says != talk.house.replies.text("handoff.says_human")


def _missed(memory: Memory, reply: Reply) -> int:
    """What was not understood counts like what was not heard."""
    return memory.misses + 1 if reply.action in {Action.ABSTAIN, Action.OUT_OF_SCOPE} else 0


def hints(talk: Talk) -> tuple[str, ...]:
    """Words the recogniser should know."""
    return tuple(word.strip() for word in talk.house.settings.phone_hints.split(",") if word.strip())
