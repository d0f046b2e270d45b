"""A Rasa agent that reads together what arrives together.

One pass of the sentence encoder over eight messages costs hardly more than over one (the time goes into walking its
weights through memory), and Rasa's graph has a fixed price a run. Messages that arrive in the same turn of the event
loop therefore share one run: nobody waits for company, and under load the batch grows by itself.
"""

from __future__ import annotations

import asyncio
from typing import Any, Dict, List, Tuple

from rasa.core.agent import Agent
from rasa.core.channels.channel import UserMessage
from rasa.engine.constants import PLACEHOLDER_MESSAGE, PLACEHOLDER_TRACKER
from rasa.shared.core.trackers import DialogueStateTracker

MOST_MESSAGES = 32
MOST_CHARACTERS = 2000  # a batch of long letters would keep everybody waiting

Waiting = Tuple[UserMessage, "asyncio.Future[Dict[str, Any]]"]


class BatchingAgent(Agent):
    """Rasa's agent, with `parse_message` answering in batches."""

    def __init__(self) -> None:
        super().__init__()
        self._waiting: List[Waiting] = []

    async def parse_message(self, message_data: str) -> Dict[str, Any]:
        """Parse one message, together with the others of this moment."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Dict[str, Any]] = loop.create_future()
        if not self._waiting:
            loop.call_soon(self._answer_waiting)
        self._waiting.append((UserMessage(message_data), answer))
        return await answer

    def parse_together(self, messages: List[UserMessage]) -> List[Dict[str, Any]]:
        """Run the graph once over several messages and return Rasa's own answer for each."""
        target = self.processor.model_metadata.nlu_target
        tracker = DialogueStateTracker.from_events(messages[0].sender_id, [])
        inputs = {PLACEHOLDER_MESSAGE: messages, PLACEHOLDER_TRACKER: tracker}
        parsed = self.processor.graph_runner.run(inputs=inputs, targets=[target])[target]
        blank = {"text": "", "intent": {"name": None, "confidence": 0.0}, "entities": []}
        return [{**blank, **message.as_dict(only_output_properties=True)} for message in parsed]

    def _answer_waiting(self) -> None:
        size = _batch_size([len(message.text or "") for message, _ in self._waiting])
        batch, self._waiting = self._waiting[:size], self._waiting[size:]
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._answer_waiting)
        self._answer(batch)

    def _answer(self, batch: List[Waiting]) -> None:
        """Answer a batch; where it fails, each message is tried alone so that one cannot spoil the others."""
        try:
            results = self.parse_together([message for message, _ in batch])
        except Exception as error:
            if len(batch) == 1:
                _settle(batch[0][1], error)
            else:
                for one in batch:
                    self._answer([one])
            return
        for (_, answer), result in zip(batch, results, strict=True):
            _settle(answer, result)


def _batch_size(lengths: List[int]) -> int:
    """Return how many of the waiting messages go together: at least one."""
    total = 0
    for count, length in enumerate(lengths[:MOST_MESSAGES]):
        total += length
        if count and total > MOST_CHARACTERS:
            return count
    return min(len(lengths), MOST_MESSAGES)


def _settle(answer: "asyncio.Future[Dict[str, Any]]", result: Any) -> None:
    """Hand the result over, unless the one who asked has gone."""
    if answer.done():
        return
    if isinstance(result, Exception):
        answer.set_exception(result)
    else:
        answer.set_result(result)
