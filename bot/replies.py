"""Every word the bot says (话术), by reply id, so that words are edited without touching code.

The id of a reply is the name of its file and the keys inside it: `nlu_data/replies/consult.yml` with `not_found:`
is `consult.not_found`. A reply has `{blanks}` and may be a list of variants.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Formatter
from typing import Any, Self

import yaml


class BadReply(ValueError):
    """A reply file that cannot be used, an id nobody wrote, or a blank nobody filled."""


@dataclass(frozen=True)
class Replies:
    """The words of the house, checked when they are loaded."""

    variants: Mapping[str, tuple[str, ...]]

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read every `*.yml` of the folder; a malformed reply stops the start, not a citizen's turn."""
        variants: dict[str, tuple[str, ...]] = {}
        for path in sorted(folder.glob("*.yml")):
            tree = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
            for reply_id, leaf in _leaves(path.stem, tree):
                variants[reply_id] = _checked(reply_id, leaf)
        if not variants:
            raise BadReply(f"no replies in {folder}")
        return cls(variants)

    def text(self, reply_id: str, *, variant: int = 0, **blanks: object) -> str:
        """The words of a reply with its blanks filled; `variant` picks among several ways to say it."""
        try:
            ways = self.variants[reply_id]
            return ways[variant % len(ways)].format_map(blanks)
        except KeyError as error:
            raise BadReply(f"{reply_id}: no such reply or blank: {error}") from error

    def has(self, reply_id: str) -> bool:
        """Whether the reply is written."""
        return reply_id in self.variants

    def group(self, prefix: str) -> dict[str, str]:
        """The replies below a prefix by the rest of their id: `group("labels.status")` → {"closed": "已办结", …}."""
        start = f"{prefix}."
        return {key.removeprefix(start): ways[0] for key, ways in self.variants.items() if key.startswith(start)}


def _leaves(prefix: str, tree: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(tree, dict):
        for key, branch in tree.items():
            yield from _leaves(f"{prefix}.{key}", branch)
    else:
        yield prefix, tree


def _checked(reply_id: str, leaf: Any) -> tuple[str, ...]:
    ways = tuple(leaf) if isinstance(leaf, list) else (leaf,)
    for way in ways:
        if not isinstance(way, str) or not way.strip():
            raise BadReply(f"{reply_id}: a reply is text, not {way!r}")
        for name in blanks_of(way):
            if not name.isidentifier():
                raise BadReply(f"{reply_id}: {{{name}}} is no name of a blank")
    return tuple(way.strip("\n") for way in ways)


def blanks_of(way: str) -> frozenset[str]:
    """The names of the blanks in a reply."""
    try:
        return frozenset(name for _, name, _, _ in Formatter().parse(way) if name is not None)
    except ValueError as error:
        raise BadReply(f"{way!r}: {error}") from error
