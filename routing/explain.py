"""Why a department is a candidate, and why a runner-up was not chosen, in words an officer reads (推荐理由)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from routing.catalogue import Catalogue, Decision, Duty
from routing.classifier import Linear
from routing.jurisdiction import Place
from routing.rules import Recusal

Duties = Mapping[str, Sequence[tuple[Duty, tuple[str, ...]]]]
WordValues = Sequence[tuple[int, str, float]]
Ranked = Sequence[tuple[str, float]]


class Case(Protocol):
    """What the explanation needs to know of a text on its way through the router."""

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """The decided confusions that hold."""

    @property
    def recusal(self) -> Recusal | None:
        """Who must stand back."""

    @property
    def region(self) -> Place | None:
        """Where the matter lies."""

    @property
    def duties(self) -> Duties:
        """Per department the duties the text names."""


class Explainer:
    """Fills the sentences of `reasons.yml`."""

    def __init__(self, catalogue: Catalogue, sentences: Mapping[str, str]) -> None:
        self._catalogue = catalogue
        self._sentences = sentences

    def why(self, values: WordValues, ranked: Ranked, case: Case, model: Linear) -> list[tuple[str, ...]]:
        """Return the reasons for each ranked candidate, the strongest first."""
        return [self._one(code, ranked, case, model.telling_words(values, code)) for code, _ in ranked]

    def _one(self, code: str, ranked: Ranked, case: Case, words: tuple[str, ...]) -> tuple[str, ...]:
        reasons = [*self._recused(code, case), *self._decided(code, case), *self._duties(code, case)]
        if code != ranked[0][0]:
            return (*(reasons or self._learnt(words)), self._not_chosen(code, ranked, case))
        if len(reasons) < 2:
            reasons += self._learnt(words)
        if case.region:
            reasons.append(self._say("place", name=case.region.name))
        return tuple(reasons)

    def _recused(self, code: str, case: Case) -> list[str]:
        if not case.recusal:
            return []
        names = "、".join(self._short(one) for one in case.recusal.departments)
        if code == case.recusal.outlet:
            return [self._say("outlet", name=names)]
        return [self._say("recused", name=self._short(code))] if code in case.recusal.departments else []

    def _decided(self, code: str, case: Case) -> list[str]:
        mine = [one for one in case.decisions if one.lead == code]
        return [self._say("decision", topic=one.topic, reason=one.reason, basis=one.basis) for one in mine[:1]]

    def _duties(self, code: str, case: Case) -> list[str]:
        return [
            self._say("duty", code=duty.code, name=duty.name, words="、".join(words[:4]), basis=duty.basis)
            for duty, words in case.duties.get(code, ())[:1]
        ]

    def _learnt(self, words: tuple[str, ...]) -> list[str]:
        return [self._say("words", words="、".join(words))] if words else [self._say("similar")]

    def _not_chosen(self, code: str, ranked: Ranked, case: Case) -> str:
        lead, best = ranked[0]
        decided = next((one for one in case.decisions if one.lead == lead), None)
        if decided and not case.recusal:
            return self._say("runner_up", topic=decided.topic, lead=self._short(lead))
        own = next(chance for other, chance in ranked if other == code)
        return self._say("behind", own=own, lead=self._short(lead), best=best)

    def _short(self, code: str) -> str:
        return self._catalogue.departments[code].short_name

    def _say(self, sentence: str, **values: str | float) -> str:
        return self._sentences[sentence].format(**values)
