"""Where attachments' sealed bytes lie: a folder, or an S3-compatible storage (对象存储)."""

from __future__ import annotations

from functools import lru_cache

from integrations.settings import Settings
from integrations.storage.disk import Disk
from integrations.storage.port import Storage
from integrations.storage.s3 import S3, Bucket

__all__ = ["Storage", "storage_of"]


@lru_cache(maxsize=4)
def storage_of(settings: Settings) -> Storage:
    """The storage of the settings: the bucket that is configured, else the data folder."""
    if settings.s3_endpoint and settings.s3_bucket:
        secret = settings.s3_secret_key.get_secret_value() if settings.s3_secret_key else ""
        bucket = Bucket(
            settings.s3_endpoint, settings.s3_bucket, settings.s3_region, settings.s3_access_key or "", secret
        )
        return S3(bucket)
    return Disk(settings.data / "attachments")
