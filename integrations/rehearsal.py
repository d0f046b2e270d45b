"""The very same bot as on the live channels, talking into a throwaway database: nothing said here is kept or sent."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot import dialogue
from bot.dialogue import Bot
from bot.reply import Action, Reply
from integrations import bootstrap, seed
from integrations.database.engine import connect
from integrations.database.migrate import upgrade
from integrations.provision import provision
from integrations.settings import Settings
from integrations.supervisor import Running, rasa_answers, rasa_program, running
from ticketing.conversations import Inbound
from ticketing.models import Owner

Say = Callable[[str], None]


@contextlib.asynccontextmanager
async def rehearsal(settings: Settings, say: Say) -> AsyncIterator[Bot]:
    """A bot that knows the guides of `settings.data` and forgets every conversation at the end."""
    made = provision(settings.home, say)
    settings.data.mkdir(parents=True, exist_ok=True)
    seed.prepare(settings, say)
    async with contextlib.AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="hotline-"))
        at_hand = Running.find(settings.data)
        if at_hand is None or not await rasa_answers(at_hand.rasa_url, at_hand.rasa_token):
            rasa = rasa_program(made)
            await stack.enter_async_context(running([rasa], say))
            await rasa.wait_ready()
            at_hand = Running("", rasa.environ["RASA_URL"], rasa.environ["RASA_TOKEN"])
        connected = settings.with_rasa(at_hand.rasa_url, at_hand.rasa_token)
        bot = await stack.enter_async_context(bootstrap.open_bot(connected))
        yield replace(bot, database=_throwaway(bot, Path(folder), stack))


def _throwaway(bot: Bot, folder: Path, stack: contextlib.AsyncExitStack) -> Any:
    database = connect(f"sqlite:///{folder / 'rehearsal.db'}", folder / "keys.json")
    stack.callback(database.close)
    upgrade(database.engine)
    return database


async def say_to(bot: Bot, address: str, text: str) -> Reply:
    """One message of one conversation, by the same path as any channel's; silence means a person has it."""
    inbound = Inbound("batch", address, text, None, bot.city.code)
    result = await dialogue.turn(bot, inbound, lambda: datetime.now(UTC))
    if result.reply is None and result.owner == Owner.BOT:
        raise RuntimeError(f"no reply to message {result.message_id}")
    return result.reply or Reply(Action.HUMAN, bot.replies.text("handoff.with_person"))


def contract(reply: Reply) -> dict[str, Any]:
    """A reply in the words of the command contract."""
    return {
        "action": reply.action.value,
        "intent": reply.intent,
        "item": reply.item,
        "element": reply.element,
        "confidence": round(reply.confidence, 4),
        "offered": list(reply.offered),
        "emergency": reply.emergency,
        "kind": reply.kind,
        "sources": [asdict(source) for source in reply.sources],
        "reply": reply.text,
    }
