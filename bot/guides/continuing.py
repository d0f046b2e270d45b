"""Going on with the talk (承接上文): is a message about the conversation's item, an earlier one, or another?

“租的房中不中” names nothing that is meant, “那医保那块呢” names too little. Each item that may be meant is weighed by
whether the message stands alone, by what it names alone, and by what it names beside the conversation's item.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np
import yaml
from numpy.typing import NDArray

from bot.cues import Cues
from bot.guides.guide import Element
from bot.guides.linker import Decision, Link, LinkCandidate, Linker

FEATURES = (
    "same", "same_continues", "same_corrected", "same_returning", "same_length", "same_alone",
    "alone", "alone_sure", "named", "beside", "beside_share",
    "earlier", "earlier_returning", "neighbour", "neighbour_corrected",
)  # fmt: skip
ALONE, BESIDE, EARLIER, LOOKED_AT = 5, 4, 4, 8
LEAST, MOST = 1e-4, 0.999  # a score outside says no more
# The conversations that teach are full of traps; in life a message that names another item mostly means it.
MOVING = 1.0
SHORT = 8
_OF_ANOTHER, _DENYING = ("呢", "的话"), ("不", "没")
SURE, UNSURE, AHEAD = 0.5, 0.35, 2.0
_LENGTH = 20


@dataclass(frozen=True, slots=True)
class Said:
    """What a message says once “哦不对，不是补办，是……” is taken off.

    `denying`: what was talked of is not meant; `correcting`: it has a word of correction, `returning` one of return.
    """

    text: str
    denying: bool
    correcting: bool
    returning: bool

    @classmethod
    def of(cls, text: str, cues: Cues) -> Self:
        """“哦不对，不是补办，是到期换” → “到期换”, correcting: only what is affirmed is linked."""
        misspoken = next((opening for opening in cues.lists["misspoken"] if text.startswith(opening)), "")
        rest = text[len(misspoken) :].lstrip(" ,，。")
        affirmed = _affirmed(rest, cues)
        denying = bool(affirmed or (misspoken and rest))
        correcting = denying or cues.mentions("corrections", text)
        return cls(affirmed or rest or text, denying, correcting, cues.mentions("returning", text))

    @property
    def of_another(self) -> bool:
        """Whether it asks the same of another thing (“医保那块呢”)."""
        return len(self.text) <= SHORT and self.text.rstrip(" ?？。.!！").endswith(_OF_ANOTHER)


def _affirmed(text: str, cues: Cues) -> str:
    denied, comma, rest = text.partition(",")
    if comma and len(denied) <= SHORT and denied[:1] in _DENYING and len(rest) > len(denied):
        return rest.removeprefix("就是").removeprefix("是").strip()  # “不开公司，就我一个人支个摊”
    for opening in cues.lists["negated"]:
        rest = text[len(opening) :]
        if text.startswith(opening):
            for turning in cues.lists["affirmed"]:
                at = rest.find(turning)
                if at > 0 and len(rest) > at + len(turning):
                    return rest[at + len(turning) :].strip(" ,，")
    return ""


@dataclass(frozen=True, slots=True)
class Weighed:
    """The items that may be meant, a row of FEATURES each; what the message links to alone, and all that was found."""

    codes: tuple[str, ...]
    table: NDArray[np.float64]
    alone: Link
    found: Mapping[str, LinkCandidate]


def weigh(linker: Linker, said: Said, item: str, topics: Sequence[str], elements: Sequence[Element] = ()) -> Weighed:
    """Gather what speaks for each item after `item`; `topics` are those talked about before, the latest first."""
    known = linker.library.item(item)
    alone = linker.link(said.text, elements=elements, k=LOOKED_AT)
    beside = linker.link(f"{known.name},{said.text}" if known else said.text, k=LOOKED_AT)
    earlier = [topic for topic in topics if topic != item and linker.library.item(topic)][:EARLIER]
    first = [one.code for one in (*alone.candidates[:ALONE], *beside.candidates[:BESIDE])]
    nothing_said = not alone.content and not said.returning
    codes = (item,) if nothing_said else tuple(dict.fromkeys([item, *first, *earlier]))
    scores = {one.code: one.score for one in alone.candidates}, {one.code: one.score for one in beside.candidates}
    table = np.zeros((len(codes), len(FEATURES)))
    for row, code in enumerate(codes):
        by_itself, with_item = (found.get(code, 0.0) for found in scores)
        if code == item:
            length = len(said.text) / _LENGTH
            table[row, :6] = 1, alone.continues, said.correcting, said.returning, length, _found(by_itself)
            continue
        named = bool(alone.named) and code == alone.candidates[0].code
        table[row, 6:11] = _found(by_itself), _sure(by_itself), named, _found(with_item), with_item
        near = known is not None and _department(linker, code) == known.department
        table[row, 11:] = code in earlier, code in earlier and said.returning, near, near and said.correcting
    return Weighed(codes, table, alone, {one.code: one for one in (*beside.candidates, *alone.candidates)})


def _found(score: float) -> float:
    return math.log(max(score, LEAST) / LEAST)


def _sure(score: float) -> float:
    bounded = min(max(score, LEAST), MOST)
    return math.log(bounded / (1 - bounded)) - math.log(LEAST)


def _department(linker: Linker, code: str) -> str:
    item = linker.library.item(code)
    return item.department if item else ""


@dataclass(frozen=True)
class Continuing:
    """The weights of FEATURES, fitted by `./hotline train` on conversations."""

    weights: NDArray[np.float64]

    @classmethod
    def load(cls, nlu_data: Path) -> Self:
        """Read `nlu_data/guides/continuing.yml`."""
        data = yaml.safe_load((nlu_data / "guides" / "continuing.yml").read_text(encoding="utf-8"))
        return cls(np.array([data["features"][name] for name in FEATURES], dtype=np.float64))

    def link(
        self, linker: Linker, said: Said, item: str, topics: Sequence[str], elements: Sequence[Element] = ()
    ) -> Link:
        """The item a message goes on about; when it is the conversation's own, the words name nothing themselves."""
        found = weigh(linker, said, item, topics, elements)
        if said.denying and (other := _not_that_one(linker, found.alone, said.text, item)):
            return other
        scores = found.table @ self.weights - (MOVING + said.of_another) * found.table[:, 0]
        shares = np.exp(scores - scores.max())
        shares /= shares.sum()
        best = int(np.argmax(shares))
        code, share = found.codes[best], float(shares[best])
        if code == item:
            return _staying(linker, item, found.alone, share)
        chosen = found.found.get(code) or linker.link("", context_item=code).best
        return _moving(found.alone, chosen, share, item) if chosen else found.alone


def _staying(linker: Linker, item: str, alone: Link, share: float) -> Link:
    """About the conversation's item, unless the message means none of what is known."""
    if share < UNSURE and alone.decision is Decision.ABSTAIN and alone.content:
        return alone
    same = linker.link("", context_item=item)
    return replace(same, confidence=max(share, same.confidence), asked=alone.asked, continues=alone.continues)


def _not_that_one(linker: Linker, alone: Link, text: str, denied: str) -> Link | None:
    """After a correction the denied item is out; its subject (身份证) may be needed beside what was said."""
    if alone.decision is Decision.ANSWER and alone.best and alone.best.code != denied and alone.named:
        return alone
    together = linker.link(f"{linker.library.items[denied].name}{text}", k=LOOKED_AT)
    left = tuple(one for one in together.candidates if one.code != denied)
    if not left:
        return None
    share = left[0].score / max(sum(one.score for one in left), LEAST)
    clear = len(left) == 1 or left[0].score > AHEAD * left[1].score
    decision = Decision.ANSWER if clear else Decision.CLARIFY
    return replace(alone, candidates=left, confidence=share, decision=decision, twins=(), content=True)


def _moving(alone: Link, chosen: LinkCandidate, share: float, item: str) -> Link:
    """To another item: what the message says by itself where that is clear, else the one chosen before its rivals."""
    if alone.best and alone.best.code == chosen.code and (alone.decision is Decision.ANSWER or share < SURE):
        return alone
    others = tuple(one for one in alone.candidates if one.code not in (chosen.code, item))
    decision = Decision.ANSWER if share >= SURE else Decision.CLARIFY
    return replace(alone, candidates=(chosen, *others), confidence=share, decision=decision, twins=(), content=True)
