"""Every written form of every item (名称, 别名, 例句), indexed by characters and by meaning."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

import numpy as np

from bot.guides.grams import GramIndex, compact
from bot.guides.lexicon import Lexicon
from bot.guides.library import Item
from bot.guides.nearest import Encode, FormVectors
from bot.guides.sounds import Spelling


class FormKind(IntEnum):
    """What a written form is to its item."""

    NAME = 0
    ALIAS = 1
    EXAMPLE = 2


@dataclass(frozen=True, slots=True)
class Form:
    """One written form, already compact, and the position of its item."""

    text: str
    owner: int
    kind: FormKind


class Forms:
    """All forms of a library with their indexes; `items[form.owner]` is the item, `positions` the way back."""

    def __init__(
        self, items: Sequence[Item], lexicon: Lexicon, encode: Encode | None = None, cache: Path | None = None
    ) -> None:
        self.items = tuple(items)
        self.forms = tuple(form for owner, item in enumerate(self.items) for form in _forms(item, owner, lexicon))
        self.positions = {item.code: position for position, item in enumerate(self.items)}
        self.owners = np.array([form.owner for form in self.forms], dtype=np.int32)
        self.examples = np.array([form.kind is FormKind.EXAMPLE for form in self.forms], dtype=bool)
        self.grams = GramIndex([form.text for form in self.forms])
        # Example questions are written with people's own slips; only names and aliases are spelt right.
        self.spelling = Spelling(form.text for form in self.forms if form.kind is not FormKind.EXAMPLE)
        self.vectors = FormVectors([form.text for form in self.forms], encode, cache) if encode else None


def _forms(item: Item, owner: int, lexicon: Lexicon) -> Iterator[Form]:
    """Names and aliases as they are; of example questions only what names the item, not what is asked about it."""
    seen: set[str] = set()
    texts = [(item.name, FormKind.NAME), *((a, FormKind.ALIAS) for a in item.aliases)]
    texts += [(_named_part(example, lexicon), FormKind.EXAMPLE) for example in item.examples]
    for text, kind in texts:
        short = compact(text.lower())
        if short and short not in seen:
            seen.add(short)
            yield Form(short, owner, kind)


def _named_part(example: str, lexicon: Lexicon) -> str:
    return "".join(char for char, hidden in zip(example, lexicon.hidden(example), strict=True) if not hidden)
