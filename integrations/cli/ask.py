"""`./hotline ask`: one question, one answer; in a batch each line is a fresh conversation."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import uuid
from typing import Any

from bot.dialogue import Bot
from bot.reply import Reply
from integrations.cli import batch, options
from integrations.cli.up import say
from integrations.rehearsal import contract, rehearsal, say_to
from integrations.settings import Settings


def add(commands: Any) -> None:
    """Declare the command."""
    command = commands.add_parser("ask", help="问一句，答一句")
    command.add_argument("text", nargs="?", help="一句话；不给则用 --batch，或从标准输入读")
    command.add_argument("--json", action="store_true", help="输出完整 JSON")
    options.batch(command)
    options.city(command)
    options.data(command)
    command.set_defaults(run=run)


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """One text to the screen, or a batch."""
    if arguments.batch:
        options.check_batch(arguments)
        return asyncio.run(_batch(settings, arguments))
    return asyncio.run(_one(settings, arguments.text or sys.stdin.read(), arguments.json))


async def _batch(settings: Settings, arguments: argparse.Namespace) -> int:
    async with rehearsal(settings, say) as bot:

        async def work(line: batch.Line) -> batch.Line:
            return contract(await say_to(bot, uuid.uuid4().hex, line["text"]))

        return await batch.run(arguments.batch, arguments.out, work, {"text": str})


async def _one(settings: Settings, text: str, as_json: bool) -> int:
    async with rehearsal(settings, say) as bot:
        reply = await say_to(bot, uuid.uuid4().hex, text)
    print(json.dumps(contract(reply), ensure_ascii=False, indent=2) if as_json else for_a_person(reply, bot))
    return 0


def for_a_person(reply: Reply, bot: Bot) -> str:
    """The words, and what can be said next."""
    choices = "  ".join(f"[{choice.label}]" for choice in reply.choices)
    return f"{reply.text}\n{choices}" if choices else reply.text
