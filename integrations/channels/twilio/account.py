"""The telephone account of this installation, from its settings; none where it is not set up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

import structlog

from integrations.channels.twilio.documents import Voice
from integrations.settings import Settings

log = structlog.get_logger()
ROOT = "/channels/twilio"


@dataclass(frozen=True, slots=True)
class Account:
    """Who we are to Twilio. `public` is our own address as Twilio reaches it: behind a proxy nothing else fits."""

    sid: str
    token: str
    number: str
    api_base: str
    public: str
    voice: Voice

    @classmethod
    def of(cls, settings: Settings) -> Self | None:
        """The account of the settings; None where it is missing."""
        if not settings.twilio_account_sid or settings.twilio_auth_token is None:
            return None
        base, public = settings.twilio_api_base.rstrip("/"), settings.url
        if urlsplit(base).scheme not in {"http", "https"}:
            log.error("twilio_misconfigured", setting="TWILIO_API_BASE")
            return None
        number = settings.phone_from or settings.twilio_from or ""
        number = number if number.startswith("+") else ""  # a messaging service makes no calls
        voice = Voice(public + ROOT, settings.phone_language, settings.phone_voice, number)
        token = settings.twilio_auth_token.get_secret_value()
        return cls(settings.twilio_account_sid, token, number, base, public, voice)

    @property
    def dials(self) -> bool:
        """Whether calls can be made: that needs a number to call from."""
        return bool(self.number)
