"""What Exchange signs of service domains (R87)."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

ADDED = (("aliases", sa.JSON(), "[]"), ("sign", sa.Boolean(), sa.false()), ("signs", sa.Boolean(), sa.false()))


def upgrade() -> None:
    with op.batch_alter_table("services") as table:
        for name, kind, value in ADDED:
            table.add_column(sa.Column(name, kind, nullable=False, server_default=value))
    with op.batch_alter_table("services") as table:
        for name, kind, _ in ADDED:
            table.alter_column(name, existing_type=kind, existing_nullable=False, server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("services") as table:
        for name, _, _ in ADDED:
            table.drop_column(name)
