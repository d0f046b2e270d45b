"""Requests, supervision, the inside of departments, daily audit roots."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from ticketing.models.base import UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit_root",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("through_id", sa.Uuid(), nullable=False),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("previous_root", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_root")),
        sa.UniqueConstraint("day", name=op.f("uq_audit_root_day")),
    )
    op.create_table(
        "duty",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("city", sa.String(), nullable=False),
        sa.Column("starts_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("ends_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("leader", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=True),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("set_by", sa.Uuid(), nullable=True),
        sa.Column("set_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("cancelled_by", sa.Uuid(), nullable=True),
        sa.Column("cancelled_at", UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["cancelled_by"], ["staff.id"], name=op.f("fk_duty_cancelled_by_staff")),
        sa.ForeignKeyConstraint(["set_by"], ["staff.id"], name=op.f("fk_duty_set_by_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duty")),
    )
    op.create_index("ix_duty_time", "duty", ["city", "starts_at"], unique=False)
    op.create_table(
        "card",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("department", sa.String(), nullable=False),
        sa.Column("colour", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("occasion", sa.Integer(), nullable=False),
        sa.Column(
            "evidence", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("proposed_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("note_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("appeal_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("appealed_by", sa.Uuid(), nullable=True),
        sa.Column("appealed_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("ruled_by", sa.Uuid(), nullable=True),
        sa.Column("ruled_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("ruling_sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["appealed_by"], ["staff.id"], name=op.f("fk_card_appealed_by_staff")),
        sa.ForeignKeyConstraint(["decided_by"], ["staff.id"], name=op.f("fk_card_decided_by_staff")),
        sa.ForeignKeyConstraint(["ruled_by"], ["staff.id"], name=op.f("fk_card_ruled_by_staff")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_card_ticket_id_ticket")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_card")),
        sa.UniqueConstraint("ticket_id", "rule", "occasion", name=op.f("uq_card_ticket_id_rule_occasion")),
    )
    op.create_index("ix_card_status", "card", ["status", "department"], unique=False)
    op.create_table(
        "due_warning",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("clock", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("department", sa.String(), nullable=True),
        sa.Column("due_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("fired_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_due_warning_ticket_id_ticket")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_due_warning")),
        sa.UniqueConstraint(
            "ticket_id", "clock", "revision", "level", name=op.f("uq_due_warning_ticket_id_clock_revision_level")
        ),
    )
    op.create_index("ix_due_warning_department", "due_warning", ["department", "fired_at"], unique=False)
    op.create_index("ix_due_warning_fired_at", "due_warning", ["fired_at"], unique=False)
    op.create_table(
        "exclusion",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("department", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("reason_code", sa.String(), nullable=False),
        sa.Column("evidence_sealed", sa.LargeBinary(), nullable=False),
        sa.Column(
            "files", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("asked_by", sa.Uuid(), nullable=True),
        sa.Column("asked_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("decision_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("appeal_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("appealed_by", sa.Uuid(), nullable=True),
        sa.Column("appealed_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("ruled_by", sa.Uuid(), nullable=True),
        sa.Column("ruled_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("ruling_sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["appealed_by"], ["staff.id"], name=op.f("fk_exclusion_appealed_by_staff")),
        sa.ForeignKeyConstraint(["asked_by"], ["staff.id"], name=op.f("fk_exclusion_asked_by_staff")),
        sa.ForeignKeyConstraint(["decided_by"], ["staff.id"], name=op.f("fk_exclusion_decided_by_staff")),
        sa.ForeignKeyConstraint(["ruled_by"], ["staff.id"], name=op.f("fk_exclusion_ruled_by_staff")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_exclusion_ticket_id_ticket")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exclusion")),
    )
    op.create_index("ix_exclusion_status", "exclusion", ["status", "department"], unique=False)
    op.create_index("ix_exclusion_ticket", "exclusion", ["ticket_id"], unique=False)
    op.create_table(
        "request",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("department", sa.String(), nullable=True),
        sa.Column("asked_by", sa.Uuid(), nullable=True),
        sa.Column("asked_role", sa.String(), nullable=False),
        sa.Column("asked_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("due_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("reason_code", sa.String(), nullable=False),
        sa.Column("basis", sa.String(), nullable=True),
        sa.Column("note_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("to_department", sa.String(), nullable=True),
        sa.Column("until", UtcDateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("decision_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("told_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("effective_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("ended_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column(
            "details", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.ForeignKeyConstraint(["asked_by"], ["staff.id"], name=op.f("fk_request_asked_by_staff")),
        sa.ForeignKeyConstraint(["decided_by"], ["staff.id"], name=op.f("fk_request_decided_by_staff")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_request_ticket_id_ticket")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_request")),
    )
    op.create_index("ix_request_open", "request", ["status", "due_at"], unique=False)
    op.create_index("ix_request_ticket", "request", ["ticket_id", "kind"], unique=False)
    op.create_table(
        "ruling",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("opened_by", sa.Uuid(), nullable=True),
        sa.Column("opened_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column(
            "heard", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("heard_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("department", sa.String(), nullable=True),
        sa.Column("basis", sa.String(), nullable=True),
        sa.Column("note_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("proposal_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["decided_by"], ["staff.id"], name=op.f("fk_ruling_decided_by_staff")),
        sa.ForeignKeyConstraint(["opened_by"], ["staff.id"], name=op.f("fk_ruling_opened_by_staff")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_ruling_ticket_id_ticket")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ruling")),
    )
    op.create_index("ix_ruling_ticket", "ruling", ["ticket_id"], unique=False)
    op.create_table(
        "supervision",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("department", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("issued_by", sa.Uuid(), nullable=True),
        sa.Column("issued_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("due_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("instruction_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("proof_sealed", sa.LargeBinary(), nullable=True),
        sa.Column(
            "proof_files", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("proved_by", sa.Uuid(), nullable=True),
        sa.Column("proved_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Uuid(), nullable=True),
        sa.Column("ended_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("end_note_sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["ended_by"], ["staff.id"], name=op.f("fk_supervision_ended_by_staff")),
        sa.ForeignKeyConstraint(["issued_by"], ["staff.id"], name=op.f("fk_supervision_issued_by_staff")),
        sa.ForeignKeyConstraint(["proved_by"], ["staff.id"], name=op.f("fk_supervision_proved_by_staff")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_supervision_ticket_id_ticket")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supervision")),
    )
    op.create_index("ix_supervision_open", "supervision", ["status", "due_at"], unique=False)
    op.create_index("ix_supervision_ticket", "supervision", ["ticket_id"], unique=False)
    op.create_table(
        "urge",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("by_role", sa.String(), nullable=False),
        sa.Column("staff_id", sa.Uuid(), nullable=True),
        sa.Column("department", sa.String(), nullable=True),
        sa.Column("note_sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_urge_staff_id_staff")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_urge_ticket_id_ticket")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_urge")),
    )
    op.create_index("ix_urge_ticket", "urge", ["ticket_id", "at"], unique=False)
    op.create_table(
        "site_visit",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("supervision_id", sa.Uuid(), nullable=True),
        sa.Column("visited_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=True),
        sa.Column("people", sa.String(), nullable=False),
        sa.Column("place_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("result_sealed", sa.LargeBinary(), nullable=False),
        sa.Column(
            "files", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.ForeignKeyConstraint(["recorded_by"], ["staff.id"], name=op.f("fk_site_visit_recorded_by_staff")),
        sa.ForeignKeyConstraint(
            ["supervision_id"], ["supervision.id"], name=op.f("fk_site_visit_supervision_id_supervision")
        ),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_site_visit_ticket_id_ticket")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site_visit")),
    )
    op.create_index("ix_site_visit_ticket", "site_visit", ["ticket_id"], unique=False)
    _widen()


def _widen() -> None:
    """New columns of tables that may have rows."""
    with op.batch_alter_table("assignment") as batch:
        batch.add_column(sa.Column("parent_id", sa.Uuid(), nullable=True))
        batch.add_column(sa.Column("given_by", sa.Uuid(), nullable=True))
        batch.add_column(sa.Column("due_at", UtcDateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("rule", sa.String(), nullable=True))
        batch.add_column(sa.Column("basis", sa.String(), nullable=True))
        batch.add_column(sa.Column("note_sealed", sa.LargeBinary(), nullable=True))
        batch.add_column(sa.Column("signed_at", UtcDateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("signed_by", sa.Uuid(), nullable=True))
        batch.add_column(sa.Column("office", sa.String(), nullable=True))
        batch.add_column(sa.Column("holder_id", sa.Uuid(), nullable=True))
        batch.add_column(sa.Column("draft_sealed", sa.LargeBinary(), nullable=True))
        batch.add_column(sa.Column("draft_basis", sa.String(), nullable=True))
        batch.add_column(sa.Column("outcome_code", sa.String(), nullable=True))
        batch.add_column(sa.Column("drafted_at", UtcDateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("drafted_by", sa.Uuid(), nullable=True))
        batch.add_column(sa.Column("approved_at", UtcDateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("approved_by", sa.Uuid(), nullable=True))
        batch.add_column(sa.Column("done_at", UtcDateTime(timezone=True), nullable=True))
        batch.create_foreign_key(op.f("fk_assignment_holder_id_staff"), "staff", ["holder_id"], ["id"])
        batch.create_foreign_key(op.f("fk_assignment_approved_by_staff"), "staff", ["approved_by"], ["id"])
        batch.create_foreign_key(op.f("fk_assignment_drafted_by_staff"), "staff", ["drafted_by"], ["id"])
        batch.create_foreign_key(op.f("fk_assignment_parent_id_assignment"), "assignment", ["parent_id"], ["id"])
        batch.create_foreign_key(op.f("fk_assignment_given_by_staff"), "staff", ["given_by"], ["id"])
        batch.create_foreign_key(op.f("fk_assignment_signed_by_staff"), "staff", ["signed_by"], ["id"])
    op.add_column("staff", sa.Column("post", sa.String(), nullable=True))
    op.add_column("ticket", sa.Column("return_count", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("ticket", sa.Column("ruled_department", sa.String(), nullable=True))
    op.add_column("ticket", sa.Column("accused_department", sa.String(), nullable=True))
    op.add_column("ticket", sa.Column("first_contact_at", UtcDateTime(timezone=True), nullable=True))
    op.add_column("ticket", sa.Column("suspended_at", UtcDateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("ticket", "suspended_at")
    op.drop_column("ticket", "first_contact_at")
    op.drop_column("ticket", "accused_department")
    op.drop_column("ticket", "ruled_department")
    op.drop_column("ticket", "return_count")
    op.drop_column("staff", "post")
    with op.batch_alter_table("assignment") as batch:
        batch.drop_constraint(op.f("fk_assignment_signed_by_staff"), type_="foreignkey")
        batch.drop_constraint(op.f("fk_assignment_given_by_staff"), type_="foreignkey")
        batch.drop_constraint(op.f("fk_assignment_parent_id_assignment"), type_="foreignkey")
        batch.drop_constraint(op.f("fk_assignment_drafted_by_staff"), type_="foreignkey")
        batch.drop_constraint(op.f("fk_assignment_approved_by_staff"), type_="foreignkey")
        batch.drop_constraint(op.f("fk_assignment_holder_id_staff"), type_="foreignkey")
        batch.drop_column("done_at")
        batch.drop_column("approved_by")
        batch.drop_column("approved_at")
        batch.drop_column("drafted_by")
        batch.drop_column("drafted_at")
        batch.drop_column("outcome_code")
        batch.drop_column("draft_basis")
        batch.drop_column("draft_sealed")
        batch.drop_column("holder_id")
        batch.drop_column("office")
        batch.drop_column("signed_by")
        batch.drop_column("signed_at")
        batch.drop_column("note_sealed")
        batch.drop_column("basis")
        batch.drop_column("rule")
        batch.drop_column("due_at")
        batch.drop_column("given_by")
        batch.drop_column("parent_id")
    op.drop_index("ix_site_visit_ticket", table_name="site_visit")
    op.drop_table("site_visit")
    op.drop_index("ix_urge_ticket", table_name="urge")
    op.drop_table("urge")
    op.drop_index("ix_supervision_ticket", table_name="supervision")
    op.drop_index("ix_supervision_open", table_name="supervision")
    op.drop_table("supervision")
    op.drop_index("ix_ruling_ticket", table_name="ruling")
    op.drop_table("ruling")
    op.drop_index("ix_request_ticket", table_name="request")
    op.drop_index("ix_request_open", table_name="request")
    op.drop_table("request")
    op.drop_index("ix_exclusion_ticket", table_name="exclusion")
    op.drop_index("ix_exclusion_status", table_name="exclusion")
    op.drop_table("exclusion")
    op.drop_index("ix_due_warning_fired_at", table_name="due_warning")
    op.drop_index("ix_due_warning_department", table_name="due_warning")
    op.drop_table("due_warning")
    op.drop_index("ix_card_status", table_name="card")
    op.drop_table("card")
    op.drop_index("ix_duty_time", table_name="duty")
    op.drop_table("duty")
    op.drop_table("audit_root")
