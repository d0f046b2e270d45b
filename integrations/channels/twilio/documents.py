"""Steps as TwiML (通话文档): built with Twilio's own classes, so that nothing but its vocabulary comes out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from twilio.twiml.voice_response import Dial, Gather, VoiceResponse

from integrations.channels.phone.steps import (
    Ask,
    Document,
    Enqueue,
    Go,
    Hangup,
    Join,
    Leave,
    Pause,
    Play,
    Record,
    Ring,
    Say,
    Step,
)

_RECORDED = "record-from-answer-dual"


@dataclass(frozen=True, slots=True)
class Voice:
    """How the house speaks and listens: the language it recognises, the voice, where later requests go.

    `root` begins every address in a document: Twilio resolves nothing but what it is given whole.
    """

    root: str
    language: str
    voice: str
    caller_id: str


def twiml(document: Document, voice: Voice) -> str:
    """The document as XML."""
    response = VoiceResponse()
    for step in document:
        _put(response, step, voice)
    return str(response)


def _put(response: VoiceResponse, step: Step, voice: Voice) -> None:
    match step:
        case Say() | Play():
            _speak(response, step, voice)
        case Pause(seconds):
            response.pause(length=seconds)
        case Ask():
            _ask(response, step, voice)
        case Ring():
            _ring(response, step, voice)
        case Join():
            _join(response, step, voice)
        case Enqueue(queue, waiting, then):
            response.enqueue(queue, action=voice.root + then, wait_url=voice.root + waiting)
        case Leave():
            response.leave()
        case Record():
            _record(response, step, voice)
        case Go(then):
            response.redirect(voice.root + then, method="POST")
        case Hangup():
            response.hangup()


def _speak(parent: VoiceResponse | Gather, step: Say | Play, voice: Voice) -> None:
    if isinstance(step, Play):
        parent.play(step.url)
    else:
        parent.say(step.text, voice=voice.voice)


def _ask(response: VoiceResponse, step: Ask, voice: Voice) -> None:
    """Silence is posted as well: the script decides what follows, never the document."""
    options: dict[str, Any] = {
        "input": "dtmf speech" if step.speech else "dtmf",
        "action": voice.root + step.then,
        "method": "POST",
        "timeout": step.patience,
        "action_on_empty_result": True,
    }
    options |= {"finish_on_key": "#"} if step.keys is None else {"num_digits": step.keys, "finish_on_key": ""}
    if step.speech:
        options |= {"language": voice.language, "speech_timeout": "auto"}
        options |= {"hints": ",".join(step.hints)} if step.hints else {}
    gather = Gather(**options)
    for spoken in step.prompt:
        _speak(gather, spoken, voice)
    response.append(gather)


def _ring(response: VoiceResponse, step: Ring, voice: Voice) -> None:
    dial = Dial(
        action=voice.root + step.then,
        method="POST",
        timeout=step.seconds,
        caller_id=voice.caller_id or None,
        **_recording(step.record, voice),
    )
    event = {"status_callback": voice.root + step.answered, "status_callback_event": "answered"}
    for target in step.targets:
        if target.startswith("client:"):
            dial.client(target.removeprefix("client:"), **event)
        elif target.startswith(("sip:", "sips:")):
            dial.sip(target, **event)
        else:
            dial.number(target, **event)
    response.append(dial)


def _join(response: VoiceResponse, step: Join, voice: Voice) -> None:
    """The caller waits without music: what follows is said by people."""
    dial = Dial(action=voice.root + step.then, method="POST")
    recording = {"record": "record-from-start"} if step.record else {}
    callback = {"recording_status_callback": voice.root + step.record} if step.record else {}
    dial.conference(
        step.room, start_conference_on_enter=True, end_conference_on_exit=True, beep=False, wait_url="",
        participant_label="caller", **recording, **callback,
    )  # fmt: skip
    response.append(dial)


def _recording(report: str | None, voice: Voice) -> dict[str, str]:
    return {"record": _RECORDED, "recording_status_callback": voice.root + report} if report else {}


def _record(response: VoiceResponse, step: Record, voice: Voice) -> None:
    response.record(
        action=voice.root + step.then,
        method="POST",
        max_length=step.longest,
        finish_on_key="#",
        play_beep=True,
        timeout=5,
        trim="trim-silence",
        recording_status_callback=voice.root + step.ready,
    )
