"""Following a ticket by number keys (按键查进度): the 13-digit number, the 6-digit code, the bot's words."""

from __future__ import annotations

import re
from collections.abc import Callable

from integrations.channels.phone import people, turns
from integrations.channels.phone.line import Heard, Next, Stage, Talk
from integrations.channels.phone.steps import Ask

_NUMBER, _CODE = re.compile(r"[0-9]{13}"), re.compile(r"[0-9]{6}")
_NOT_DIGIT = re.compile(r"[^0-9]")
_PATIENCE = 10


def ask_number(talk: Talk, *, again: bool = False) -> Next:
    """The ticket's number, ended by “#”."""
    return _ask(talk, Stage.NUMBER, "number_again" if again else "number", talk.memory.misses + 1 if again else 0)


async def number(talk: Talk, heard: Heard) -> Next:
    """Take the number; words that hold none are a matter of their own."""
    found = _digits(heard, _NUMBER)
    if found is None:
        return await _missed(talk, heard, lambda: ask_number(talk, again=True))
    following = _ask(talk, Stage.CODE, "code", 0)
    return Next(following.document, Stage.CODE, following.memory.but(number=found))


async def code(talk: Talk, heard: Heard) -> Next:
    """Take the code and ask the bot, which counts wrong ones."""
    found = _digits(heard, _CODE)
    if found is None:
        return await _missed(talk, heard, lambda: _ask(talk, Stage.CODE, "code_again", talk.memory.misses + 1))
    known = talk.memory.number
    written = f"{known[:6]}-{known[6:12]}-{known[12:]}"
    return await turns.answer(talk, talk.word("ask_progress", number=written, code=found))


def _digits(heard: Heard, wanted: re.Pattern[str]) -> str | None:
    given = heard.pressed or _NOT_DIGIT.sub("", heard.words)
    return given if wanted.fullmatch(given) else None


async def _missed(talk: Talk, heard: Heard, again: Callable[[], Next]) -> Next:
    if talk.wants_person(heard):
        return await people.asked(talk, "asked")
    if heard.words.strip() and not _NOT_DIGIT.sub("", heard.words):
        return await turns.talked_on(talk, heard)
    if talk.memory.misses >= turns.RETRIES:
        return await people.asked(talk, "progress_failed", before=talk.say("to_person_unheard"))
    return again()


def _ask(talk: Talk, stage: Stage, words: str, misses: int) -> Next:
    prompt = Ask(talk.say(words), talk.then, keys=None, patience=_PATIENCE)
    return Next((prompt,), stage, talk.memory.but(keys={}, many=True, misses=misses))
