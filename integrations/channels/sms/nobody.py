"""The provider that is not there: it says what was not sent, and the figures count it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import structlog

from integrations.channels.sms.port import Receipt, Template
from ticketing.models import SmsStatus

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Nobody:
    """No provider (Null)."""

    name: str = "null"
    needs_template: bool = False
    links: bool = True

    async def send(
        self, phone: str, template: Template, text: str, blanks: Mapping[str, str], reference: str
    ) -> Receipt:
        """Nothing is sent."""
        log.info("sms_not_sent", purpose=template.purpose, reference=reference, settings="SMS_PROVIDER")
        return Receipt(None, SmsStatus.NOT_SENT)
