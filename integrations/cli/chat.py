"""`./hotline chat`: a conversation in the terminal; in a batch each line is one whole conversation."""

from __future__ import annotations

import argparse
import asyncio
import sys
import uuid
from typing import Any

from integrations.cli import batch, options
from integrations.cli.ask import for_a_person
from integrations.cli.up import say
from integrations.rehearsal import contract, rehearsal, say_to
from integrations.settings import Settings


def add(commands: Any) -> None:
    """Declare the command."""
    command = commands.add_parser("chat", help="终端对话")
    options.batch(command)
    options.city(command)
    options.data(command)
    command.set_defaults(run=run)


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Talk, or a batch."""
    if arguments.batch:
        options.check_batch(arguments)
        return asyncio.run(_batch(settings, arguments))
    return asyncio.run(_talk(settings))


async def _batch(settings: Settings, arguments: argparse.Namespace) -> int:
    async with rehearsal(settings, say) as bot:

        async def work(line: batch.Line) -> batch.Line:
            if not all(isinstance(turn, str) for turn in line["turns"]):
                raise batch.BadLine("turns 里只能是文字")
            address = uuid.uuid4().hex
            replies = [await say_to(bot, address, turn) for turn in line["turns"]]
            return {"turns": [contract(reply) | {"ticket_no": reply.ticket_no} for reply in replies]}

        return await batch.run(arguments.batch, arguments.out, work, {"turns": list})


async def _talk(settings: Settings) -> int:
    async with rehearsal(settings, say) as bot:
        address = uuid.uuid4().hex
        print(bot.replies.text("smalltalk.welcome"))
        while text := await _heard():
            print(for_a_person(await say_to(bot, address, text), bot), flush=True)
    return 0


async def _heard() -> str:
    """The next line that says something; empty at the end of the input."""
    while line := await asyncio.to_thread(_prompt):
        if line.strip():
            return line.strip()
    return ""


def _prompt() -> str:
    if sys.stdin.isatty():
        print("› ", end="", flush=True)
    return sys.stdin.readline()
