"""Requests for SaaS mail, and what has become of them (rules.md 2.4)."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"

TEXT = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "services",
        sa.Column("request_id", TEXT, nullable=False),
        sa.Column("unit_id", TEXT, nullable=False),
        sa.Column("owner_person_id", TEXT, nullable=True),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("path", TEXT, nullable=False),
        sa.Column("connection", TEXT, nullable=True),
        sa.Column("receives", sa.Boolean(), nullable=False),
        sa.Column("certificate", TEXT, nullable=False),
        sa.Column("address", TEXT, nullable=True),
        sa.Column("domain", TEXT, nullable=True),
        sa.Column("records", sa.JSON(), nullable=False),
        sa.Column("publish_as", TEXT, nullable=False),
        sa.Column("granted", TEXT, nullable=True),
        sa.Column("published", sa.JSON(), nullable=False),
        sa.Column("published_as", TEXT, nullable=False),
        sa.Column("app_id", TEXT, nullable=True),
        sa.Column("credential_ends_on", sa.Date(), nullable=True),
        sa.Column("live_on", sa.Date(), nullable=True),
        sa.Column("review_on", sa.Date(), nullable=True),
        sa.Column("verified_on", sa.Date(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("rule", TEXT, nullable=False),
        sa.Column("because", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("request_id", name=op.f("pk_services")),
    )
    op.create_index(op.f("ix_services_due_on"), "services", ["due_on"], unique=False)
    op.create_index(op.f("ix_services_owner_person_id"), "services", ["owner_person_id"], unique=False)
