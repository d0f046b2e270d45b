"""Create the keys by which tickets of the same incident meet, and the lessons the router learns from."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ticketing.models.base import UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "incident_key",
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("key_mac", sa.LargeBinary(), nullable=False),
        sa.Column("city", sa.String(), nullable=False),
        sa.Column("registered_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_incident_key_ticket_id_ticket")),
        sa.PrimaryKeyConstraint("ticket_id", "key_mac", name=op.f("pk_incident_key")),
    )
    op.create_index("ix_incident_key_found", "incident_key", ["city", "key_mac", "registered_at"])
    op.create_table(
        "lesson",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("city", sa.String(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("urgency", sa.String(), nullable=False),
        sa.Column("recommended", sa.String(), nullable=False),
        sa.Column("department", sa.String(), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("model_version", sa.String(), nullable=False),
        sa.Column("learned_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_lesson_ticket_id_ticket")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lesson")),
        sa.UniqueConstraint("ticket_id", name=op.f("uq_lesson_ticket_id")),
    )
    op.create_index("ix_lesson_learned", "lesson", ["city", "learned_at"])


def downgrade() -> None:
    op.drop_table("lesson")
    op.drop_table("incident_key")
