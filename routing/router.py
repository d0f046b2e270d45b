"""Which department, how urgent, of what kind and where (派单推荐), each candidate with its reasons.

Total: every text gets at least three candidates; below the threshold `auto` is False and a person decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from routing.catalogue import Catalogue, Decision, read_yaml
from routing.classifier import Floats, Linear
from routing.explain import Duties, Explainer
from routing.features import shape, with_meaning
from routing.jurisdiction import Place, Regions
from routing.kind import Kind, KindRules, kinds
from routing.language.normalise import normalised
from routing.retraining import promoted
from routing.rules import Recusal, RecusalRules, decisions
from routing.training import VECTOR_WEIGHT, Progress, RouterModel, load_or_train, model_version, with_rules
from routing.units import Receiving, Units
from routing.urgency import Urgency, UrgencyRules, guesses

MAX_CHARACTERS = 4000
_CANDIDATES = 5


@dataclass(frozen=True, slots=True)
class Candidate:
    """A department that may lead (主办候选), how sure the router is, and why."""

    department: str
    confidence: float
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Recommendation:
    """What the router recommends for one appeal (派单推荐)."""

    kind: Kind
    urgency: Urgency
    region: Place | None
    candidates: tuple[Candidate, ...]
    assisting: tuple[str, ...]
    auto: bool
    catalogue_version: str
    model_version: str
    unit: Receiving | None = None

    @property
    def department(self) -> str:
        """The department recommended to lead."""
        return self.candidates[0].department

    @property
    def confidence(self) -> float:
        """How sure the router is of the lead."""
        return self.candidates[0].confidence

    def to_json(self) -> dict[str, Any]:
        """Return the line of the command contract."""
        candidates = [
            {"department": one.department, "confidence": round(one.confidence, 4), "why": list(one.why)}
            for one in self.candidates
        ]
        return {
            "department": self.department,
            "confidence": round(self.confidence, 4),
            "auto": self.auto,
            "candidates": candidates,
            "kind": self.kind,
            "urgency": self.urgency,
            "region": {"code": self.region.code, "name": self.region.name} if self.region else None,
            "assist": list(self.assisting),
            "unit": self.unit.to_json() if self.unit else None,
            "catalogue_version": self.catalogue_version,
            "model_version": self.model_version,
        }


@dataclass(frozen=True, slots=True)
class _Case:
    """One text on its way through the router."""

    text: str
    kind: Kind
    urgency: Urgency
    decisions: tuple[Decision, ...]
    recusal: Recusal | None
    region: Place | None
    duties: Duties


@dataclass(frozen=True, slots=True)
class _Reading:
    """What the models say of some texts: departments and by which model, margins of the kinds, danger to life."""

    chances: Floats
    models: list[Linear]
    kinds: Floats
    danger: NDArray[np.bool_]


class Router:
    """Catalogue, rules and models of one city, ready to recommend; safe to share between threads."""

    def __init__(
        self, nlu_data: Path, catalogue: Catalogue, model: RouterModel, regions: Regions, units: Units
    ) -> None:
        folder = nlu_data / "routing"
        self.catalogue = catalogue.weighing(model.decision_weights)
        self.regions = regions
        self.units = units
        self._model = model
        self._urgency = UrgencyRules.load(folder / "urgency.yml")
        self._kinds = KindRules.load(folder / "kinds.yml")
        self._recusal = RecusalRules.load(folder / "recusal.yml")
        self._explainer = Explainer(self.catalogue, read_yaml(folder / "reasons.yml"))

    @classmethod
    def load(
        cls,
        nlu_data: Path,
        models_dir: Path,
        *,
        city: str = "ordos",
        own: Path | None = None,
        progress: Progress | None = None,
    ) -> Router:
        """Load the catalogue, the city's regions and the model of the current data, training it if there is none.

        In the folder `own` an installation keeps the model it retrained on its lessons; it goes first.
        """
        catalogue = Catalogue.load(nlu_data)
        retrained = promoted(own, model_version(nlu_data, catalogue)) if own else None
        model = retrained or load_or_train(nlu_data, models_dir, catalogue, progress)
        pack = nlu_data / "city" / city
        regions = Regions.load(pack)
        return cls(nlu_data, catalogue, model, regions, Units.load(pack, regions))

    def recommend(self, text: str, *, region: str | None = None) -> Recommendation:
        """Recommend who handles one appeal; `region` is the code where it is known already."""
        return self.recommend_batch([text], region=region)[0]

    def recommend_batch(self, texts: Sequence[str], *, region: str | None = None) -> list[Recommendation]:
        """Recommend for many texts at once, reading meaning only where words leave doubt."""
        if not texts:
            return []
        folded = [normalised(text[:MAX_CHARACTERS]) for text in texts]
        rows = self._model.features.transform([shape(text) for text in folded])
        decided = [decisions(self.catalogue, text) for text in folded]
        reading = self._read(folded, rows, decided)
        found = kinds(self._kinds, self._model.kind.classes, folded, reading.kinds)
        hurry = guesses(self._model.urgency, rows)
        cases = [
            self._case(text, found[at], "critical" if reading.danger[at] else hurry[at], decided[at], region)
            for at, text in enumerate(folded)
        ]
        return [self._decide(case, rows[at], reading.chances[at], reading.models[at]) for at, case in enumerate(cases)]

    def _case(self, text: str, kind: Kind, guess: Urgency, decided: tuple[Decision, ...], region: str | None) -> _Case:
        known = self.regions.get(region) if region else None
        blamed = self._recusal.recusal(text) if kind in {"投诉", "举报", "求助"} else None
        place = self.regions.find(text) or (known.place if known else None)
        urgency = self._urgency.of(text, kind, guess)
        return _Case(text, kind, urgency, decided, blamed, place, self.catalogue.duties_in(text))

    def _read(self, texts: Sequence[str], rows: Any, decided: Sequence[tuple[Decision, ...]]) -> _Reading:
        """Score by words first; read the meaning where they leave doubt about the department or hint at danger."""
        model = self._model
        reading = _Reading(
            with_rules(model.fast.margins(rows), model.fast, decided),
            [model.fast] * len(texts),
            model.kind.margins(rows),
            np.zeros(len(texts), dtype=np.bool_),
        )
        unsure = reading.chances.max(axis=1) < model.sure_threshold
        chosen = [int(at) for at in np.flatnonzero(unsure | model.danger.suspected(rows))]
        if chosen:
            read = with_meaning(rows[chosen], [shape(texts[at]) for at in chosen], VECTOR_WEIGHT)
            reading.chances[chosen] = with_rules(model.deep.margins(read), model.deep, [decided[at] for at in chosen])
            reading.kinds[chosen] = model.deep_kind.margins(read)
            reading.danger[chosen] = model.danger.heard(read)
            for at in chosen:
                reading.models[at] = model.deep
        return reading

    def _decide(self, case: _Case, row: Any, chances: Any, model: Linear) -> Recommendation:
        ranked = [(model.classes[column], float(chances[column])) for column in np.argsort(-chances)]
        if case.recusal:
            ranked = _without_the_accused(ranked, case.recusal)
        top = ranked[:_CANDIDATES]
        reasons = self._explainer.why(self._model.features.word_values(row), top, case, model)
        candidates = tuple(Candidate(*ranked, why) for ranked, why in zip(top, reasons, strict=True))
        return Recommendation(
            kind=case.kind,
            urgency=case.urgency,
            region=case.region,
            candidates=candidates,
            assisting=self._assisting(case, top[0][0]),
            auto=not case.recusal and top[0][1] >= self._model.auto_threshold,
            catalogue_version=self.catalogue.version,
            model_version=self._model.version,
            unit=self._receiving(case, top[0][0]),
        )

    def _receiving(self, case: _Case, lead: str) -> Receiving | None:
        """The unit at the level that handles the duty named, the lowest where the duty is not known."""
        duties = case.duties.get(lead, ())
        return self.units.receiving(lead, case.region, case.text, duties[0][0].level if duties else "")

    def _assisting(self, case: _Case, lead: str) -> tuple[str, ...]:
        """Return who assists: by decision, else by the duty named; a blamed authority, else a utility's supervisor."""
        if case.recusal:
            return case.recusal.departments
        decided = next((one.assist for one in case.decisions if one.lead == lead), None)
        duties = case.duties.get(lead, [])
        assist = decided if decided is not None else (duties[0][0].assist if duties else ())
        supervisor = self._recusal.supervisors.get(lead) if case.kind in {"投诉", "举报"} else None
        return tuple(dict.fromkeys((*assist, *([supervisor] if supervisor else []))))


def _without_the_accused(ranked: list[tuple[str, float]], recusal: Recusal) -> list[tuple[str, float]]:
    """Put the outlet first and take the accused out of the running for the lead; they stay as runners-up."""
    best = ranked[0][1]
    others = [(code, chance) for code, chance in ranked if code != recusal.outlet and code not in recusal.departments]
    accused = [(code, min(chance, best * 0.5)) for code, chance in ranked if code in recusal.departments]
    rest = sorted((*accused, *((code, min(chance, best * 0.5)) for code, chance in others)), key=lambda one: -one[1])
    return [(recusal.outlet, best), *rest]
