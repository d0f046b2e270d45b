"""Where a message leans (倾向): the classifier's shares summed by group, because siblings split each other's votes.

The language model knows the intents, the model of openings knows how very different people begin: their shares are
averaged by group, and the intents share what their group has.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Self

from bot.nlu import Parse


class Group(StrEnum):
    """Intents that lead to the same flow."""

    ASK = "ask"
    APPEAL = "appeal"
    TICKET = "ticket"
    HANDOFF = "handoff"
    ANGER = "anger"
    EMERGENCY = "emergency"
    NOT_ACCEPTED = "not_accepted"
    OUT_OF_SCOPE = "out_of_scope"
    TALK = "talk"
    NONE = "none"


_PREFIXES = (("ask_", Group.ASK), ("appeal_", Group.APPEAL), ("ticket_", Group.TICKET))
# What a group is called where the language model names none of its intents.
PLAIN: Mapping[Group, str] = MappingProxyType(
    {
        Group.ASK: "ask_overview",
        Group.APPEAL: "appeal_help",
        Group.TICKET: "ticket_progress",
        Group.HANDOFF: "handoff",
        Group.ANGER: "anger",
        Group.EMERGENCY: "emergency",
        Group.NOT_ACCEPTED: "not_accepted",
        Group.OUT_OF_SCOPE: "out_of_scope",
        Group.TALK: "chat",
    }
)
TRUST = 0.5
_TALK = frozenset({"chat", "greet", "thanks", "goodbye", "bot_identity", "affirm", "deny", "cancel", "correction"})


@dataclass(frozen=True)
class Leaning:
    """The shares of the groups; they need not sum to one."""

    shares: Mapping[Group, float]
    intents: tuple[tuple[str, float], ...]

    @classmethod
    def of(cls, parse: Parse) -> Self:
        """The leaning of a parse; without a ranking the best intent stands alone."""
        ranking = tuple(parse.ranking) or (((parse.intent, parse.confidence),) if parse.intent else ())
        shares: dict[Group, float] = {}
        for intent, confidence in ranking:
            group = group_of(intent)
            shares[group] = shares.get(group, 0.0) + confidence
        return cls(shares, ranking)

    @property
    def group(self) -> Group:
        """The group with the largest share."""
        return max(self.shares, key=lambda group: self.shares[group], default=Group.NONE)

    def share(self, group: Group) -> float:
        """How much of the classifier's belief the group has."""
        return self.shares.get(group, 0.0)

    def without(self, group: Group) -> Self:
        """The leaning among the other groups."""
        shares = {other: share for other, share in self.shares.items() if other is not group}
        return type(self)(shares, self.intents)

    def best(self, group: Group) -> tuple[str, float]:
        """The best intent of a group and its share within the group."""
        among = [(intent, confidence) for intent, confidence in self.intents if group_of(intent) is group]
        if not among:
            return "", 0.0
        intent, confidence = max(among, key=lambda pair: pair[1])
        return intent, confidence / max(self.share(group), 1e-9)


def group_of(intent: str) -> Group:
    """The group of an intent."""
    for prefix, group in _PREFIXES:
        if intent.startswith(prefix):
            return group
    if intent in _TALK:
        return Group.TALK
    return Group(intent) if intent in {group.value for group in Group} else Group.NONE


def informed(parse: Parse, opening: Mapping[Group, float]) -> Parse:
    """The parse with each group's share averaged with what the opening sounds like."""
    heard = Leaning.of(parse)
    groups = heard.shares.keys() | opening.keys()
    shares = {one: (1 - TRUST) * heard.share(one) + TRUST * opening.get(one, 0.0) for one in groups}
    told = [(intent, shares[group_of(intent)] * within) for intent, within in _within(heard)]
    told += [(PLAIN[one], share) for one, share in shares.items() if one not in heard.shares]
    ranking = tuple(sorted(told, key=lambda pair: -pair[1]))
    return replace(parse, intent=ranking[0][0], confidence=ranking[0][1], ranking=ranking)


def _within(heard: Leaning) -> Iterator[tuple[str, float]]:
    """Each intent and its share of its group."""
    for intent, confidence in heard.intents:
        yield intent, confidence / max(heard.share(group_of(intent)), 1e-9)
