"""Alembic's entry: migrate over the connection that `integrations.database.migrate` hands in."""

from __future__ import annotations

from alembic import context

import bot.guides.models  # noqa: F401 - registers its tables
from ticketing.models import Base

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    compare_type=True,
    user_module_prefix="ticketing.models.base.",
)
with context.begin_transaction():
    context.run_migrations()
