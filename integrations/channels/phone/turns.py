"""One turn of the bot in a call (通话中的一轮): the caller's words go where every channel's go, the reply is spoken."""

from __future__ import annotations

from bot import dialogue
from bot.reply import Action, Reply
from bot.state import State
from integrations.channels.phone import people, reading, rescue, survey
from integrations.channels.phone.line import Heard, Next, Stage, Talk
from integrations.channels.phone.steps import Ask
from ticketing import calls, conversations
from ticketing.models import Owner

RETRIES = 2
_FAREWELLS = frozenset({"goodbye", "thanks"})
_KEYPAD = {"1": "@appeal", "2": "@progress"}


async def answer(talk: Talk, words: str) -> Next:
    """The bot's answer to some words, as the caller hears it."""
    house = talk.house
    result = await dialogue.turn(house.bot, talk.inbound(words), talk.now)
    house.live.publish(f"conversation:{result.conversation_id}", result.seq)
    await house.database.writing(calls.belongs, talk.call.id, result.conversation_id)
    reply = result.reply
    if reply is not None and reply.action is Action.EMERGENCY:
        return await rescue.begin(talk, reply.emergency, result.conversation_id)
    if reply is None and (danger := talk.danger(words)) is not None:
        # A person has the conversation, so the bot raised no alarm; danger waits for nobody.
        await rescue.alarm(talk, danger, words, result)
        return await rescue.begin(talk, danger.number, result.conversation_id)
    if result.owner != Owner.BOT or reply is None:
        return await people.connect(talk, result.conversation_id)
    if _parting(talk, reply):
        return survey.asked(talk)
    state = State.from_json((await house.database.reading(conversations.view, result.conversation_id)).state)
    prompt, memory = reading.ask(talk, reply, state)
    if memory.misses > RETRIES + 1:
        return await people.asked(talk, "not_understood", before=talk.say("to_person_unheard"))
    return Next((prompt,), Stage.TALK, memory)


def _parting(talk: Talk, reply: Reply) -> bool:
    """Whether the caller is done after something was answered."""
    solved = reply.text == talk.house.replies.text("smalltalk.solved")
    return reply.action is Action.SMALLTALK and talk.memory.answered and (solved or reply.intent in _FAREWELLS)


async def unheard(talk: Talk) -> Next:
    """Silence or noise: twice again, then keys, then a person."""
    memory = talk.memory.but(misses=talk.memory.misses + 1)
    if memory.misses <= RETRIES:
        words, keys = talk.say("again", variant=memory.misses - 1), None if memory.many else 1
        return Next((Ask(words, talk.then, keys=keys, hints=reading.hints(talk)),), Stage.TALK, memory)
    if memory.misses == RETRIES + 1:
        prompt = Ask(talk.say("keypad"), talk.then, speech=False)
        return Next((prompt,), Stage.TALK, memory.but(keys=dict(_KEYPAD), many=False))
    return await people.asked(talk, "not_heard", before=talk.say("to_person_unheard"))


async def talked_on(talk: Talk, heard: Heard) -> Next:
    """Words where keys were asked for are as good as at any other prompt."""
    return await answer(talk, heard.words)
