"""All settings, read from the environment in this one place; `.env.example` explains each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

ROOT = Path(__file__).resolve().parent.parent
_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(?::[0-9]{1,5})?")
_MAIL_SERVER = re.compile(r"(?:imap|smtp)s?://[A-Za-z0-9.-]{1,253}(?::[0-9]{1,4}|:[1-5][0-9]{4}|:6[0-4][0-9]{3})?/?")


class SettingsError(Exception):
    """A setting does not fit; the text names it."""


class Settings(BaseModel):
    """What an installation decides. Everything is optional: the defaults run the whole product on one machine."""

    model_config = ConfigDict(frozen=True)

    data: Path = Path("var")
    home: Path = ROOT / ".hotline"
    nlu_data: Path = ROOT / "nlu_data"
    assets: Path | None = None
    datasets: Path | None = None

    city: Path = ROOT / "nlu_data" / "city" / "ordos"
    host: str = "127.0.0.1"
    port: int = 8345
    public_url: str = ""
    widget_origins: str = ""
    secret_key: SecretStr | None = None
    key_file: Path | None = None
    demo: bool = True

    database_url: str | None = None
    celery_broker_url: str | None = None
    redis_url: str | None = None

    rasa_url: str | None = None
    rasa_token: SecretStr | None = None

    wechat_app_id: str | None = None
    wechat_app_secret: SecretStr | None = None
    wechat_token: SecretStr | None = None
    wechat_aes_key: SecretStr | None = None
    wechat_aes_key_previous: SecretStr | None = None
    wechat_api_base: str = "https://api.weixin.qq.com"

    sms_provider: str = ""
    sms_receipt_secret: SecretStr | None = None
    aliyun_access_key_id: str | None = None
    aliyun_access_key_secret: SecretStr | None = None
    aliyun_sms_base: str = "https://dysmsapi.aliyuncs.com"
    tencent_secret_id: str | None = None
    tencent_secret_key: SecretStr | None = None
    tencent_sms_app_id: str | None = None
    tencent_sms_region: str = "ap-guangzhou"
    tencent_sms_base: str = "https://sms.tencentcloudapi.com"

    twilio_account_sid: str | None = None
    twilio_auth_token: SecretStr | None = None
    twilio_from: str | None = None
    twilio_api_base: str = "https://api.twilio.com"

    phone_from: str = ""
    phone_language: str = "cmn-Hans-CN"
    phone_voice: str = "Polly.Zhiyu"
    phone_hints: str = ""
    phone_menu: Literal["ask", "no-menu"] = "ask"
    phone_operators: str = ""
    phone_trunk: str = "{number}"
    phone_wait: int = Field(default=180, ge=10, le=3600)
    phone_record: bool = False

    webhook_private: bool = False

    letter_from: str | None = None
    letter_imap_url: str | None = None
    letter_smtp_url: str | None = None
    letter_user: str | None = None
    letter_password: SecretStr | None = None
    letter_folder: str = "INBOX"
    letter_answers: int = Field(default=5, ge=1, le=100)
    letter_ca_file: Path | None = None

    s3_endpoint: str | None = None
    s3_bucket: str | None = None
    s3_region: str = "us-east-1"
    s3_access_key: str | None = None
    s3_secret_key: SecretStr | None = None
    clamav_host: str | None = None
    clamav_port: int = 3310

    @classmethod
    def load(cls, environ: Mapping[str, str], **given: object) -> Self:
        """Settings from the environment, overridden by what the command line gave."""
        found = {field: environ[name] for name, field in VARIABLES.items() if environ.get(name)}
        try:
            return cls.model_validate(found | {name: value for name, value in given.items() if value is not None})
        except ValidationError as error:
            raise SettingsError("; ".join(f"{e['loc'][0]}: {e['msg']}" for e in error.errors())) from error

    def with_rasa(self, url: str, token: str) -> Self:
        """The same settings with this Rasa."""
        return self.model_copy(update={"rasa_url": url, "rasa_token": SecretStr(token)})

    @property
    def database(self) -> str:
        """The database's address; SQLite in the data folder unless set."""
        if not self.database_url:
            return f"sqlite:///{self.data.absolute() / 'hotline.db'}"
        return self.database_url.replace("postgres://", "postgresql://", 1).replace(
            "postgresql://", "postgresql+psycopg://", 1
        )

    @field_validator("widget_origins")
    @classmethod
    def _are_origins(cls, value: str) -> str:
        for origin in _split(value):
            if not _ORIGIN.fullmatch(origin):
                raise ValueError(f"{origin[:100]!r} is no origin like https://www.example.gov.cn")
        return value

    @field_validator("letter_imap_url", "letter_smtp_url")
    @classmethod
    def _is_mail_server(cls, value: str | None) -> str | None:
        if value and not _MAIL_SERVER.fullmatch(value):
            raise ValueError(f"{value[:100]!r} is no server like imaps://mail.example.gov.cn or smtps://…:465")
        return value

    @property
    def widget_sites(self) -> frozenset[str]:
        """The sites that may show the chat's widget, as browsers name them."""
        return frozenset(_split(self.widget_origins))

    @property
    def texts(self) -> bool:
        """Whether a provider of text messages is named, with its keys."""
        keys = {
            "aliyun": (self.aliyun_access_key_id, self.aliyun_access_key_secret),
            "tencent": (self.tencent_secret_id, self.tencent_secret_key, self.tencent_sms_app_id),
            "twilio": (self.twilio_account_sid, self.twilio_auth_token, self.twilio_from),
        }
        return all(keys.get(self.sms_provider.strip().lower(), (None,)))

    @property
    def keys(self) -> Path:
        """The file of the data keys."""
        return self.key_file or self.data / "keys.json"

    @property
    def embedded(self) -> bool:
        """Whether the worker runs inside the web process, because no broker is configured."""
        return not self.celery_broker_url

    @property
    def url(self) -> str:
        """The address that links in messages start with."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")


def _split(origins: str) -> list[str]:
    """Origins with commas or blanks between them, without the slash that is often copied along."""
    return [one.rstrip("/").lower() for one in origins.replace(",", " ").split()]


VARIABLES = {
    "HOTLINE_DATA": "data",
    "HOTLINE_HOME": "home",
    "HOTLINE_ASSETS": "assets",
    "HOTLINE_DATASETS": "datasets",
    "HOTLINE_CITY": "city",
    "HOTLINE_HOST": "host",
    "HOTLINE_PORT": "port",
    "HOTLINE_PUBLIC_URL": "public_url",
    "HOTLINE_WIDGET_ORIGINS": "widget_origins",
    "HOTLINE_SECRET_KEY": "secret_key",
    "HOTLINE_KEY_FILE": "key_file",
    "HOTLINE_DEMO": "demo",
    "DATABASE_URL": "database_url",
    "CELERY_BROKER_URL": "celery_broker_url",
    "REDIS_URL": "redis_url",
    "RASA_URL": "rasa_url",
    "RASA_TOKEN": "rasa_token",
    "WECHAT_APP_ID": "wechat_app_id",
    "WECHAT_APP_SECRET": "wechat_app_secret",
    "WECHAT_TOKEN": "wechat_token",
    "WECHAT_AES_KEY": "wechat_aes_key",
    "WECHAT_AES_KEY_PREVIOUS": "wechat_aes_key_previous",
    "WECHAT_API_BASE": "wechat_api_base",
    "SMS_PROVIDER": "sms_provider",
    "SMS_RECEIPT_SECRET": "sms_receipt_secret",
    "ALIYUN_ACCESS_KEY_ID": "aliyun_access_key_id",
    "ALIYUN_ACCESS_KEY_SECRET": "aliyun_access_key_secret",
    "ALIYUN_SMS_BASE": "aliyun_sms_base",
    "TENCENT_SECRET_ID": "tencent_secret_id",
    "TENCENT_SECRET_KEY": "tencent_secret_key",
    "TENCENT_SMS_APP_ID": "tencent_sms_app_id",
    "TENCENT_SMS_REGION": "tencent_sms_region",
    "TENCENT_SMS_BASE": "tencent_sms_base",
    "TWILIO_ACCOUNT_SID": "twilio_account_sid",
    "TWILIO_AUTH_TOKEN": "twilio_auth_token",
    "TWILIO_FROM": "twilio_from",
    "TWILIO_API_BASE": "twilio_api_base",
    "PHONE_FROM": "phone_from",
    "PHONE_LANGUAGE": "phone_language",
    "PHONE_VOICE": "phone_voice",
    "PHONE_HINTS": "phone_hints",
    "PHONE_MENU": "phone_menu",
    "PHONE_OPERATORS": "phone_operators",
    "PHONE_TRUNK": "phone_trunk",
    "PHONE_WAIT": "phone_wait",
    "PHONE_RECORD": "phone_record",
    "HOTLINE_WEBHOOK_PRIVATE": "webhook_private",
    "LETTER_FROM": "letter_from",
    "LETTER_IMAP_URL": "letter_imap_url",
    "LETTER_SMTP_URL": "letter_smtp_url",
    "LETTER_USER": "letter_user",
    "LETTER_PASSWORD": "letter_password",
    "LETTER_FOLDER": "letter_folder",
    "LETTER_ANSWERS": "letter_answers",
    "LETTER_CA_FILE": "letter_ca_file",
    "S3_ENDPOINT": "s3_endpoint",
    "S3_BUCKET": "s3_bucket",
    "S3_REGION": "s3_region",
    "S3_ACCESS_KEY": "s3_access_key",
    "S3_SECRET_KEY": "s3_secret_key",
    "CLAMAV_HOST": "clamav_host",
    "CLAMAV_PORT": "clamav_port",
}
