"""意图分类: the linear model as a Rasa intent classifier."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Text, Type

import numpy as np
from linear_model import LinearModel, Row
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.nlu.constants import TOKENS_NAMES
from rasa.nlu.featurizers.dense_featurizer.dense_featurizer import DenseFeaturizer
from rasa.nlu.tokenizers.tokenizer import Tokenizer
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

RANKING = "intent_ranking"


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class LinearIntentClassifier(IntentClassifier, GraphComponent):
    """Reads text, words and the sentence vector, writes the intent and a short ranking."""

    @classmethod
    def required_components(cls) -> List[Type]:
        """Ask for words and the sentence vector before this component."""
        return [Tokenizer, DenseFeaturizer]

    @staticmethod
    def required_packages() -> List[Text]:
        """Name no package: scikit-learn's import and distribution names differ."""
        return []

    @staticmethod
    def get_default_config() -> Dict[Text, Any]:
        """Give a short ranking and a fixed seed."""
        return {"ranking_length": 10, "random_state": 42}

    def __init__(
        self, config: Dict[Text, Any], storage: ModelStorage, resource: Resource, model: Optional[LinearModel]
    ):
        self._config = {**self.get_default_config(), **config}
        self._storage, self._resource, self._model = storage, resource, model

    @classmethod
    def create(
        cls,
        config: Dict[Text, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> LinearIntentClassifier:
        """Build an untrained component."""
        return cls(config, model_storage, resource, None)

    @classmethod
    def load(
        cls,
        config: Dict[Text, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> LinearIntentClassifier:
        """Read the trained component from Rasa's storage."""
        with model_storage.read_from(resource) as folder:
            return cls(config, model_storage, resource, LinearModel.load(folder))

    def train(self, training_data: TrainingData) -> Resource:
        """Fit on every example that has text and an intent."""
        examples = [e for e in training_data.intent_examples if e.get(INTENT) and e.get(TEXT)]
        labels = [example.get(INTENT) for example in examples]
        self._model = LinearModel.fit([_row(e) for e in examples], labels, self._config["random_state"])
        with self._storage.write_to(self._resource) as folder:
            self._model.save(folder)
        return self._resource

    def process(self, messages: List[Message]) -> List[Message]:
        """Set intent and ranking on every message, also on an empty one (Rasa fails where they are missing)."""
        for message in messages:
            ranking = self._ranking(message)
            message.set(INTENT, ranking[0] if ranking else {"name": None, "confidence": 0.0}, add_to_output=True)
            message.set(RANKING, ranking, add_to_output=True)
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Leave training data alone: no later component learns from predicted intents."""
        return training_data

    def _ranking(self, message: Message) -> List[Dict[Text, Any]]:
        if self._model is None or not (message.get(TEXT) or "").strip():
            return []
        best = self._model.ranking(_row(message), self._config["ranking_length"])
        return [{"name": name, "confidence": confidence} for name, confidence in best]


def _row(message: Message) -> Row:
    words = (token.text for token in message.get(TOKENS_NAMES[TEXT]) or [])
    return Row(message.get(TEXT), tuple(word for word in words if word.strip()), _vector(message))


def _vector(message: Message) -> np.ndarray:
    for feature in message.features:
        if feature.type == FEATURE_TYPE_SENTENCE and feature.attribute == TEXT and feature.is_dense():
            return np.asarray(feature.features, dtype=np.float32).ravel()
    raise ValueError("a message with text came without its sentence vector")
