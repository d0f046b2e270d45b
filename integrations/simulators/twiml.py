"""Reads TwiML as strictly as Twilio does (通话文档): a document that Twilio would stumble over is refused here."""

from __future__ import annotations

from dataclasses import dataclass, field
from xml.etree import ElementTree

_LARGEST = 64 * 1024


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_SPEECH = _names("voice language loop")
_REPORTED = "recordingStatusCallback recordingStatusCallbackEvent recordingStatusCallbackMethod"
_VERBS: dict[str, frozenset[str]] = {
    "Say": _SPEECH,
    "Play": _names("loop digits"),
    "Pause": _names("length"),
    "Gather": _names(
        "action method timeout input finishOnKey numDigits language hints speechTimeout speechModel "
        "actionOnEmptyResult bargeIn profanityFilter enhanced partialResultCallback"
    ),
    "Redirect": _names("method"),
    "Dial": _names(f"action method timeout callerId record {_REPORTED} hangupOnStar timeLimit answerOnBridge trim"),
    "Enqueue": _names("action method waitUrl waitUrlMethod maxQueueSize workflowSid"),
    "Leave": frozenset(),
    "Record": _names(f"action method timeout finishOnKey maxLength playBeep trim {_REPORTED} transcribe"),
    "Hangup": frozenset(),
    "Reject": _names("reason"),
}
_TARGET = _names("statusCallback statusCallbackEvent statusCallbackMethod url method")
_NOUNS: dict[str, frozenset[str]] = {
    "Number": _TARGET | {"sendDigits", "byoc"},
    "Client": _TARGET,
    "Sip": _TARGET | {"username", "password"},
    "Queue": _names("url method reservationSid postWorkActivitySid"),
    "Conference": _names(
        "startConferenceOnEnter endConferenceOnExit beep muted waitUrl waitMethod maxParticipants record region trim "
        f"coach participantLabel statusCallback statusCallbackEvent statusCallbackMethod {_REPORTED}"
    ),
}
_INSIDE = {"Gather": {"Say", "Play", "Pause"}, "Dial": set(_NOUNS)}


class BadDocument(ValueError):
    """What Twilio answers with an error of its own: 12100 is no XML, 12200 is no TwiML."""

    def __init__(self, code: int, words: str) -> None:
        super().__init__(words)
        self.code = code


@dataclass(frozen=True, slots=True)
class Verb:
    """One verb or noun: its name, attributes, text and what it holds."""

    name: str
    options: dict[str, str] = field(default_factory=dict)
    text: str = ""
    inside: tuple[Verb, ...] = ()

    def option(self, name: str, fallback: str = "") -> str:
        """An attribute."""
        return self.options.get(name, fallback)

    def seconds(self, name: str, fallback: int) -> int:
        """An attribute that is a number."""
        value = self.option(name, str(fallback))
        return int(value) if value.isascii() and value.isdigit() else fallback

    def whether(self, name: str) -> bool:
        """An attribute that is true or false; false where it is missing."""
        return self.option(name).lower() == "true"


def read(body: str) -> tuple[Verb, ...]:
    """The verbs of a document."""
    if len(body.encode()) > _LARGEST:
        raise BadDocument(11750, "the document is larger than 64 kB")
    if "<!" in body.replace("<![CDATA[", "").replace("<!--", ""):
        raise BadDocument(12100, "document types are refused")
    try:
        tree = ElementTree.fromstring(body)  # noqa: S314 - document types are refused above
    except ElementTree.ParseError as error:
        raise BadDocument(12100, str(error)) from error
    if tree.tag != "Response":
        raise BadDocument(12200, f"<{tree.tag}> is no response")
    return tuple(_verb(child) for child in tree)


def _verb(element: ElementTree.Element) -> Verb:
    allowed = _VERBS.get(element.tag)
    if allowed is None:
        raise BadDocument(12200, f"<{element.tag}> is no verb")
    may_hold = _INSIDE.get(element.tag, set())
    if any(child.tag not in may_hold for child in element):
        raise BadDocument(12200, f"<{element.tag}> cannot hold what it holds")
    inside = tuple(_checked(child, _VERBS.get(child.tag) or _NOUNS.get(child.tag, frozenset())) for child in element)
    return _checked(element, allowed, inside)


def _checked(element: ElementTree.Element, allowed: frozenset[str], inside: tuple[Verb, ...] = ()) -> Verb:
    unknown = set(element.attrib) - allowed
    if unknown:
        raise BadDocument(12200, f"<{element.tag}> has no attribute {', '.join(sorted(unknown))}")
    return Verb(element.tag, dict(element.attrib), (element.text or "").strip(), inside)
