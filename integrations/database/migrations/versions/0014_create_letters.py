"""Create letters: what came by e-mail or the form, where it lay in the mailbox, and its thread."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from ticketing.models.base import UtcDateTime

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "letter",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("mailbox", sa.String(), nullable=False),
        sa.Column("validity", sa.BigInteger(), nullable=True),
        sa.Column("uid", sa.BigInteger(), nullable=True),
        sa.Column("identity", sa.LargeBinary(), nullable=True),
        sa.Column("message_index", sa.LargeBinary(), nullable=True),
        sa.Column("address_index", sa.LargeBinary(), nullable=True),
        sa.Column("raw_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("whole", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("ticket_id", sa.Uuid(), nullable=True),
        sa.Column("received_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("answered_at", UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_letter_ticket_id_ticket")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letter")),
        sa.UniqueConstraint("mailbox", "validity", "uid", name=op.f("uq_letter_mailbox_validity_uid")),
        sa.UniqueConstraint("identity", name=op.f("uq_letter_identity")),
    )
    for name in ("message_index", "address_index", "ticket_id"):
        op.create_index(f"ix_letter_{name}", "letter", [name])


def downgrade() -> None:
    op.drop_table("letter")
