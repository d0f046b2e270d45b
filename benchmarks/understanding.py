"""`./hotline bench understanding`: the development sets of `nlu_data/dev` through the same bot as `ask` and `chat`.

Three sets, each with three of strangers: questions about written guides (item and element), whole dialogues turn by
turn, and other messages (appeals, emergencies, small talk, what is not accepted). None of them is trained on. The
whole run also draws docs/risk-coverage.svg.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from tqdm import tqdm

from benchmarks import results, risk
from bot.bot import Bot
from bot.reply import Action, Reply
from integrations.rehearsal import rehearsal, say_to
from integrations.settings import ROOT, Settings
from routing.language.normalise import normalised

DEV = ROOT / "nlu_data" / "dev"
KINDS = {"complaint": "投诉", "report": "举报", "help": "求助", "suggestion": "建议", "praise": "表扬"}
_AT_ONCE = 8

Gold = dict[str, Any]


@dataclass
class Tally:
    """What was asked and what came out right, by style or class; the misses are kept for reading."""

    asked: Counter[str] = field(default_factory=Counter)
    right: Counter[str] = field(default_factory=Counter)
    also: Counter[str] = field(default_factory=Counter)
    misses: list[str] = field(default_factory=list)
    told: list[risk.Told] = field(default_factory=list)

    def count(self, group: str, ok: bool, miss: str) -> None:
        """One more result."""
        self.asked[group] += 1
        self.right[group] += ok
        if not ok:
            self.misses.append(miss)

    def figures(self) -> dict[str, Any]:
        """The shares, in percent."""
        total = sum(self.asked.values())
        by = {group: round(100 * self.right[group] / n, 1) for group, n in sorted(self.asked.items())}
        share = round(100 * sum(self.right.values()) / total, 1) if total else None
        return {"n": total, "right": share, "by": by, **dict(self.also)}


def right_guide(gold: Gold, reply: Reply) -> bool:
    """Whether the item and the element are among those expected."""
    return reply.action is Action.ANSWER and reply.item in gold["item"] and reply.element in gold["element"]


def right_turn(expect: Gold, reply: Reply) -> bool:
    """Whether a turn did what its dialogue expects."""
    if "item" in expect:
        return right_guide(expect, reply)
    if "clarify" in expect:
        return reply.action is Action.CLARIFY and bool(set(reply.offered) & set(expect["clarify"]))
    if "emergency" in expect:
        return reply.emergency in {expect["emergency"], *expect.get("also", [])}
    return bool(expect.get(reply.action.value))


def right_other(gold: Gold, reply: Reply) -> bool:
    """Whether an appeal, an emergency or any other message went where it belongs."""
    wanted = {gold["expect"], *gold.get("also", [])}
    if gold["expect"] == "emergency":
        return reply.action is Action.EMERGENCY and reply.emergency in gold["detail"].split("/")
    if reply.action is Action.TICKET:
        return "ticket" in wanted or bool(wanted & KINDS.keys())
    return reply.action.value in wanted or (gold["expect"] == "out_of_scope" and reply.action is Action.ABSTAIN)


def read(name: str) -> list[Gold]:
    """One development set."""
    return [json.loads(line) for line in (DEV / f"{name}.jsonl").read_text(encoding="utf-8").splitlines() if line]


async def guides(bot: Bot, name: str = "linking") -> Tally:
    """Questions about items with a guide; also how many were answered with a wrong item, and how many asked back."""
    tally = Tally()
    for gold, (reply,) in await _all(bot, [(gold, [gold["text"]]) for gold in read(name)]):
        wrong = reply.action is Action.ANSWER and reply.item not in gold["item"]
        tally.also["answered with a wrong item"] += wrong
        if not gold["item"]:
            tally.count("no item", reply.action is not Action.ANSWER, _miss(gold["text"], reply))
        elif any(bot.knowledge.current.library.guide(code) for code in gold["item"]):
            tally.told.append(_belief(bot, gold))
            tally.also["answered"] += reply.action is Action.ANSWER
            tally.count(gold.get("style", "-"), right_guide(gold, reply), _miss(gold["text"], reply))
            tally.also["asked back"] += reply.action is Action.CLARIFY
        else:
            tally.count("guide not written yet", not wrong, _miss(gold["text"], reply))
    return tally


async def dialogues(bot: Bot, name: str = "dialogues") -> Tally:
    """Whole conversations, turn by turn."""
    tally = Tally()
    told = [(gold, [turn["text"] for turn in gold["turns"]]) for gold in read(name)]
    for gold, replies in await _all(bot, told):
        for turn, reply in zip(gold["turns"], replies, strict=True):
            expected = next(iter(turn["expect"]))
            tally.count(expected, right_turn(turn["expect"], reply), _miss(f"{gold['id']} {turn['text']}", reply))
    return tally


async def other(bot: Bot, name: str = "other") -> Tally:
    """Everything that is no question about an item; of appeals also the kind."""
    tally = Tally()
    for gold, (reply,) in await _all(bot, [(gold, [gold["text"]]) for gold in read(name)]):
        tally.count(gold["expect"], right_other(gold, reply), _miss(gold["text"], reply))
        if gold["expect"] in KINDS and reply.action is Action.TICKET:
            tally.also["appeals"] += 1
            tally.also["of the right kind"] += reply.kind == KINDS[gold["expect"]]
    return tally


STRANGERS = ("fresh", "third", "fourth")
SETS = {
    "guides": guides,
    "dialogues": dialogues,
    "other": other,
    # By three strangers who had seen neither the guides nor the training data, one after the other.
    **{f"guides_{stranger}": partial(guides, name=f"linking_{stranger}") for stranger in STRANGERS},
    **{f"dialogues_{stranger}": partial(dialogues, name=f"dialogues_{stranger}") for stranger in STRANGERS},
    **{f"other_{stranger}": partial(other, name=f"other_{stranger}") for stranger in STRANGERS},
}


async def _all(bot: Bot, told: Sequence[tuple[Gold, list[str]]]) -> list[tuple[Gold, list[Reply]]]:
    """Every line as a fresh conversation, some at a time."""
    gate = asyncio.Semaphore(_AT_ONCE)
    with tqdm(total=len(told), unit="line", leave=False) as progress:

        async def one(texts: list[str]) -> list[Reply]:
            async with gate:
                address = uuid.uuid4().hex
                replies = [await say_to(bot, address, text) for text in texts]
                progress.update()
                return replies

        replies = await asyncio.gather(*(one(texts) for _, texts in told))
    return [(gold, reply) for (gold, _), reply in zip(told, replies, strict=True)]


def _belief(bot: Bot, gold: Gold) -> risk.Told:
    """How sure the linker is of its best item, whatever it does with it, and whether that item is right."""
    link = bot.knowledge.current.linker.link(normalised(gold["text"]))
    return (link.confidence, link.best.code in gold["item"]) if link.best else (0.0, False)


def _miss(text: str, reply: Reply) -> str:
    found = [reply.action.value, reply.kind, reply.item, reply.element, reply.emergency, reply.intent]
    return f"{text} → {' '.join(part for part in found if part)} {reply.confidence:.2f}"


async def measure(names: Sequence[str]) -> dict[str, Tally]:
    """Run the named sets against one bot with the guides of an empty installation."""
    with tempfile.TemporaryDirectory(prefix="hotline-understanding-") as folder:
        async with rehearsal(Settings(data=Path(folder)), lambda text: print(text, file=sys.stderr)) as bot:
            return {name: await SETS[name](bot) for name in names}


def main(argv: Sequence[str]) -> int:
    """Measure, print the figures (and the misses on request), keep the figures."""
    parser = argparse.ArgumentParser(prog="hotline bench understanding", description=__doc__)
    parser.add_argument("sets", nargs="*", help="which sets (default: all)")
    parser.add_argument("--misses", action="store_true", help="print what went wrong")
    options = parser.parse_args(argv)
    if unknown := set(options.sets) - SETS.keys():
        parser.error(f"no such set: {', '.join(sorted(unknown))}")
    tallies = asyncio.run(measure(options.sets or list(SETS)))
    for name, tally in tallies.items():
        print(f"{name}: {json.dumps(tally.figures(), ensure_ascii=False)}")
        if options.misses:
            print("\n".join(f"  {miss}" for miss in tally.misses))
    if not options.sets:
        asked = [tally for name, tally in tallies.items() if name.startswith("guides")]
        told = [one for tally in asked for one in tally.told]
        answered = sum(tally.also["answered"] for tally in asked)
        risk.draw(told, 100 * answered / len(told), ROOT / "docs" / "risk-coverage.svg")
        results.save("understanding", {name: tally.figures() for name, tally in tallies.items()})
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
