"""The one API whose operations the modules beside this declare."""

from __future__ import annotations

from integrations.api.openapi import Api

BASE = "/api/v1"
API = Api("12345 hotline", "1.0", BASE)
