"""Create contacts of channels, shared access tokens and the requests a provider has sent."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ticketing.models.base import UtcDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "channel_contact",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("address_index", sa.LargeBinary(), nullable=False),
        sa.Column("heard_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("sent", sa.Integer(), nullable=False),
        sa.Column("closed_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("closed_reason", sa.String(), nullable=True),
        sa.Column("left_at", UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel_contact")),
        sa.UniqueConstraint("channel", "address_index", name=op.f("uq_channel_contact_channel_address_index")),
    )
    op.create_table(
        "provider_token",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("token_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("expires_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("lease_until", UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_provider_token")),
    )
    op.create_table(
        "seen_request",
        sa.Column("proof", sa.LargeBinary(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("proof", name=op.f("pk_seen_request")),
    )
    op.create_index("ix_seen_request_at", "seen_request", ["at"])


def downgrade() -> None:
    op.drop_index("ix_seen_request_at", table_name="seen_request")
    for name in ("seen_request", "provider_token", "channel_contact"):
        op.drop_table(name)
