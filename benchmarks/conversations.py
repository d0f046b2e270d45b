"""The load: the same conversations for every side, made from the names of the items that have a guide."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from pathlib import Path

import yaml

HERE = Path(__file__).resolve().parent
SCRIPTS = HERE / "conversations.yml"
_ITEM, _OTHER = "【事项】", "【另一事项】"
_SEED = 12345
_MOST_ITEMS = 30  # about 500 turns a round, half a minute of the slower side

Conversation = list[str]


def item_names(guides: Path) -> list[str]:
    """The names of the guides' service items, in the order of their files."""
    return [yaml.safe_load(path.read_text(encoding="utf-8"))["name"] for path in sorted(guides.glob("*/*.yml"))]


def build(names: Sequence[str], scripts: Path = SCRIPTS, *, part: int = 0) -> list[Conversation]:
    """Three consultation scripts an item, with appeals and small talk mixed in at about one in three.

    Where there are many names, each `part` has its own: nobody answers a round from what the round before left behind.
    """
    parts = -(-len(names) // _MOST_ITEMS)
    names = names[part % parts :: parts]
    found = yaml.safe_load(scripts.read_text(encoding="utf-8"))
    consult = [
        _fill(script, name, names[(at + 1) % len(names)])
        for at, name in enumerate(names)
        for script in _some(found["consult"], at)
    ]
    others = (found["appeal"] + found["talk"]) * max(1, round(len(consult) / 30))
    mixed = consult + [list(script) for script in others]
    random.Random(_SEED).shuffle(mixed)
    return mixed


def turns(conversations: Iterable[Conversation]) -> int:
    """How many utterances there are."""
    return sum(map(len, conversations))


def _some(scripts: Sequence[Conversation], at: int) -> list[Conversation]:
    return [scripts[(at + step) % len(scripts)] for step in range(3)]


def _fill(script: Conversation, name: str, other: str) -> Conversation:
    return [text.replace(_ITEM, name).replace(_OTHER, other) for text in script]
