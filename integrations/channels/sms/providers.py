"""The provider of this installation, from its settings; nobody where none can work."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import structlog
from pydantic import SecretStr

from integrations.channels.sms.aliyun import Aliyun
from integrations.channels.sms.nobody import Nobody
from integrations.channels.sms.port import Provider
from integrations.channels.sms.tencent import Tencent
from integrations.channels.sms.twilio import Twilio
from integrations.settings import Settings

log = structlog.get_logger()
TWILIO_RECEIPTS = "/channels/twilio/sms"


def provider_of(settings: Settings) -> Provider:
    """The provider `SMS_PROVIDER` names; a name without its keys is logged and nobody sends."""
    name = settings.sms_provider.strip().lower()
    if name in ("", "null"):
        return Nobody()
    made = _MAKERS[name](settings) if name in _MAKERS else None
    if made is None:
        log.error("sms_misconfigured", provider=name[:20], known=sorted(_MAKERS))
    return made or Nobody()


def configured(settings: Settings) -> bool:
    """Whether texts can be sent at all."""
    return not isinstance(provider_of(settings), Nobody)


def _aliyun(settings: Settings) -> Provider | None:
    key, secret = settings.aliyun_access_key_id, _open(settings.aliyun_access_key_secret)
    return Aliyun(key, secret, settings.aliyun_sms_base.rstrip("/")) if key and secret else None


def _tencent(settings: Settings) -> Provider | None:
    key, secret, app = settings.tencent_secret_id, _open(settings.tencent_secret_key), settings.tencent_sms_app_id
    if not key or not secret or not app:
        return None
    return Tencent(key, secret, app, settings.tencent_sms_region, settings.tencent_sms_base.rstrip("/"))


def _twilio(settings: Settings) -> Provider | None:
    sid, token, sender = settings.twilio_account_sid, _open(settings.twilio_auth_token), settings.twilio_from
    if not sid or not token or not sender:
        return None
    return Twilio(sid, token, sender, settings.twilio_api_base.rstrip("/"), settings.url + TWILIO_RECEIPTS)


def _open(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret else ""


_MAKERS: Mapping[str, Callable[[Settings], Provider | None]] = {
    "aliyun": _aliyun,
    "tencent": _tencent,
    "twilio": _twilio,
}
