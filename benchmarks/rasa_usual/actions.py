"""The custom actions of the peer, written as Rasa's tutorial does: look the item up in a table, say its cell."""

import json
from pathlib import Path

from rasa_sdk import Action

TABLE = json.loads((Path(__file__).parent / "table.json").read_text(encoding="utf-8"))
NAMES = sorted(TABLE, key=len, reverse=True)


class ActionAnswerGuide(Action):
    def name(self):
        return "action_answer_guide"

    def run(self, dispatcher, tracker, domain):
        item = self._item(tracker)
        if item is None:
            dispatcher.utter_message(response="utter_ask_item")
            return []
        element = (tracker.latest_message["intent"]["name"] or "").replace("ask_", "", 1)
        dispatcher.utter_message(text=TABLE[item].get(element) or TABLE[item]["overview"])
        return []

    @staticmethod
    def _item(tracker):
        """The item named last: in this message, or in an earlier one of the conversation."""
        said = [event["text"] for event in reversed(tracker.events) if event["event"] == "user" and event.get("text")]
        return next((name for text in said for name in NAMES if name in text), None)


class ActionAppeal(Action):
    def name(self):
        return "action_appeal"

    def run(self, dispatcher, tracker, domain):
        dispatcher.utter_message(response="utter_appeal")
        return []


class ActionTalk(Action):
    def name(self):
        return "action_talk"

    def run(self, dispatcher, tracker, domain):
        intent = tracker.latest_message["intent"]["name"] or ""
        known = intent if intent in ("greet", "goodbye") else "default"
        dispatcher.utter_message(response="utter_" + known)
        return []
