"""The parts that only Rasa's own Python can import: python -m unittest discover -s bot/rasa/tests."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(HERE), str(HERE / "components")]

import numpy as np  # noqa: E402 - the paths come first
from batching import MOST_MESSAGES, BatchingAgent, _batch_size  # noqa: E402
from linear_model import LinearModel, Row, Vocabulary, runs  # noqa: E402

TEXTS = {
    "fee": ["办证多少钱", "要多少钱", "收多少钱", "多少钱啊"],
    "greet": ["你好", "您好呀", "你好啊", "你好呀"],
    "fire": ["着火了", "着火了快来", "厨房着火了", "快来着火了"],
}


def row(text: str) -> Row:
    """A message whose sentence vector says nothing."""
    return Row(text, (text[:2], text[2:]), np.zeros(4, dtype=np.float32))


def fitted() -> LinearModel:
    """A model of three intents."""
    rows = [(row(text), intent) for intent, texts in TEXTS.items() for text in texts]
    return LinearModel.fit([each for each, _ in rows], [intent for _, intent in rows], seed=1)


class Model(unittest.TestCase):
    """The linear model."""

    def test_ranking_is_best_first_and_sums_to_one(self) -> None:
        ranking = fitted().ranking(row("楼上着火了"), 3)
        self.assertEqual(ranking[0][0], "fire")
        self.assertAlmostEqual(sum(share for _, share in ranking), 1.0, places=5)
        self.assertEqual(sorted((share for _, share in ranking), reverse=True), [share for _, share in ranking])

    def test_a_message_of_unknown_characters_still_gets_a_ranking(self) -> None:
        self.assertEqual(len(fitted().ranking(row("qx"), 2)), 2)

    def test_what_is_saved_is_what_is_loaded(self) -> None:
        model = fitted()
        with tempfile.TemporaryDirectory() as folder:
            model.save(Path(folder))
            again = LinearModel.load(Path(folder))
        for text in ("多少钱", "你好", "着火", "乱码"):
            self.assertEqual(model.ranking(row(text), 3), again.ranking(row(text), 3))

    def test_one_row_and_the_table_weigh_the_same(self) -> None:
        documents = [runs(row(text)) for texts in TEXTS.values() for text in texts]
        vocabulary = Vocabulary.fit(documents)
        table = vocabulary.matrix(documents).toarray()
        for document, line in zip(documents, table, strict=True):
            features, values = vocabulary.weigh(document)
            np.testing.assert_allclose(line[features], values)
            self.assertAlmostEqual(float(line @ line), 0.5, places=5)


class Counting(BatchingAgent):
    """An agent whose graph is replaced by one that notes its batches and cannot bear one word."""

    def __init__(self) -> None:
        self._waiting = []
        self.batches = []

    def parse_together(self, messages):
        """Answer with the text; fail where a message is poison."""
        texts = [message.text for message in messages]
        self.batches.append(len(texts))
        if "poison" in texts:
            raise ValueError("poison")
        return [{"text": text} for text in texts]


class Batches(unittest.TestCase):
    """Reading together."""

    def ask(self, *texts):
        """Ask all at once; return the agent and what each got."""

        async def all_at_once():
            agent = Counting()
            return agent, await asyncio.gather(*map(agent.parse_message, texts), return_exceptions=True)

        return asyncio.run(all_at_once())

    def test_what_arrives_together_is_read_together_and_in_order(self) -> None:
        agent, answers = self.ask(*map(str, range(5)))
        self.assertEqual(agent.batches, [5])
        self.assertEqual([answer["text"] for answer in answers], list("01234"))

    def test_more_than_the_most_are_read_in_turns(self) -> None:
        agent, answers = self.ask(*map(str, range(MOST_MESSAGES + 3)))
        self.assertEqual(agent.batches, [MOST_MESSAGES, 3])
        self.assertEqual(answers[-1]["text"], str(MOST_MESSAGES + 2))

    def test_one_bad_message_spoils_no_other(self) -> None:
        _, answers = self.ask("a", "poison", "b")
        self.assertEqual([answers[0]["text"], answers[2]["text"]], ["a", "b"])
        self.assertIsInstance(answers[1], ValueError)

    def test_long_letters_do_not_travel_in_crowds(self) -> None:
        self.assertEqual(_batch_size([1500, 1500, 10]), 1)
        self.assertEqual(_batch_size([5000]), 1)
        self.assertEqual(_batch_size([10] * 5), 5)


if __name__ == "__main__":
    unittest.main()
