"""The telephone port as Twilio fills it: people rung into a room."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import structlog

from integrations.channels.twilio.account import Account
from integrations.channels.twilio.rest import CallFailed, Rest

log = structlog.get_logger()
_QUICK = 4.0  # a caller in danger waits for this


@dataclass(frozen=True, slots=True)
class TwilioLine:
    """Rings through Twilio's API."""

    account: Account

    @property
    def dials(self) -> bool:
        """Whether there is a number to call from."""
        return self.account.dials

    async def invite(self, room: str, target: str, label: str) -> bool:
        """Ring somebody into a room."""
        try:
            await asyncio.to_thread(Rest(self.account, _QUICK).invite, room, target, label)
        except CallFailed as error:
            log.error("invite_failed", room=room, label=label, error=str(error))
            return False
        return True
