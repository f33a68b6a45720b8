"""The first schema."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None

TEXT = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "addresses",
        sa.Column("address", TEXT, nullable=False),
        sa.Column("period", sa.Integer(), nullable=False),
        sa.Column("domain", TEXT, nullable=False),
        sa.Column("local", TEXT, nullable=False),
        sa.Column("base", TEXT, nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("person_id", TEXT, nullable=True),
        sa.Column("unit_id", TEXT, nullable=True),
        sa.Column("mailbox_key", TEXT, nullable=True),
        sa.Column("created_on", sa.Date(), nullable=False),
        sa.Column("winddown_on", sa.Date(), nullable=True),
        sa.Column("months", sa.Integer(), nullable=True),
        sa.Column("notice_due_on", sa.Date(), nullable=True),
        sa.Column("notice_sent_on", sa.Date(), nullable=True),
        sa.Column("delete_on", sa.Date(), nullable=True),
        sa.Column("deleted_on", sa.Date(), nullable=True),
        sa.Column("reason", TEXT, nullable=True),
        sa.Column("successor", TEXT, nullable=True),
        sa.Column("gate", sa.Boolean(), nullable=False),
        sa.Column("target", TEXT, nullable=True),
        sa.Column("rule", TEXT, nullable=False),
        sa.Column("because", TEXT, nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("address", "period", name=op.f("pk_addresses")),
    )
    op.create_index(op.f("ix_addresses_delete_on"), "addresses", ["delete_on"], unique=False)
    op.create_index(op.f("ix_addresses_domain_local"), "addresses", ["domain", "local"], unique=False)
    op.create_index(op.f("ix_addresses_mailbox_key"), "addresses", ["mailbox_key"], unique=False)
    op.create_index(op.f("ix_addresses_person_id"), "addresses", ["person_id"], unique=False)
    op.create_index(op.f("ix_addresses_state"), "addresses", ["state"], unique=False)
    op.create_table(
        "alternatives",
        sa.Column("person_id", TEXT, nullable=False),
        sa.Column("source", TEXT, nullable=False),
        sa.Column("address", TEXT, nullable=False),
        sa.Column("removed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("person_id", "source", name=op.f("pk_alternatives")),
    )
    op.create_table(
        "approvals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("digest", TEXT, nullable=False),
        sa.Column("actor", TEXT, nullable=False),
        sa.Column("at", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("used", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approvals")),
    )
    op.create_index(op.f("ix_approvals_digest"), "approvals", ["digest"], unique=False)
    op.create_table(
        "domains",
        sa.Column("domain", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("domain", name=op.f("pk_domains")),
    )
    op.create_table(
        "findings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("scope", TEXT, nullable=False),
        sa.Column("code", TEXT, nullable=False),
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("message", TEXT, nullable=False),
        sa.Column("severity", TEXT, nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_findings")),
    )
    op.create_index(op.f("ix_findings_scope"), "findings", ["scope"], unique=False)
    op.create_table(
        "holds",
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("fingerprint", TEXT, nullable=False),
        sa.Column("actor", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("value", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("subject", "kind", name=op.f("pk_holds")),
    )
    op.create_table(
        "journal",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("at", TEXT, nullable=False),
        sa.Column("run_id", TEXT, nullable=False),
        sa.Column("phase", TEXT, nullable=False),
        sa.Column("actor", TEXT, nullable=False),
        sa.Column("rule", TEXT, nullable=False),
        sa.Column("object", TEXT, nullable=False),
        sa.Column("scope", TEXT, nullable=False),
        sa.Column("change_id", TEXT, nullable=True),
        sa.Column("step", TEXT, nullable=True),
        sa.Column("before", TEXT, nullable=True),
        sa.Column("after", TEXT, nullable=True),
        sa.Column("request_id", TEXT, nullable=True),
        sa.Column("reason", TEXT, nullable=True),
        sa.Column("hash", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_journal")),
    )
    op.create_index(op.f("ix_journal_object"), "journal", ["object"], unique=False)
    op.create_index(op.f("ix_journal_run_id_change_id_step"), "journal", ["run_id", "change_id", "step"], unique=False)
    op.create_table(
        "locks",
        sa.Column("name", TEXT, nullable=False),
        sa.Column("owner", TEXT, nullable=False),
        sa.Column("host", TEXT, nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("started", TEXT, nullable=False),
        sa.Column("command", TEXT, nullable=False),
        sa.Column("since", TEXT, nullable=False),
        sa.Column("lease_until", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_locks")),
    )
    op.create_table(
        "mailboxes",
        sa.Column("key", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=True),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("person_id", TEXT, nullable=True),
        sa.Column("unit_id", TEXT, nullable=True),
        sa.Column("owner_person_id", TEXT, nullable=True),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("sender", TEXT, nullable=True),
        sa.Column("sender_origin", TEXT, nullable=True),
        sa.Column("sender_basis", TEXT, nullable=False),
        sa.Column("sender_rule", TEXT, nullable=False),
        sa.Column("sender_because", TEXT, nullable=False),
        sa.Column("forward", sa.JSON(), nullable=True),
        sa.Column("forward_set", TEXT, nullable=True),
        sa.Column("forward_exempt", sa.Boolean(), nullable=False),
        sa.Column("disable_on", sa.Date(), nullable=True),
        sa.Column("disabled_on", sa.Date(), nullable=True),
        sa.Column("delete_on", sa.Date(), nullable=True),
        sa.Column("deleted_on", sa.Date(), nullable=True),
        sa.Column("purge_on", sa.Date(), nullable=True),
        sa.Column("orphaned_on", sa.Date(), nullable=True),
        sa.Column("notice_sent_on", sa.Date(), nullable=True),
        sa.Column("manual_disable", sa.Boolean(), nullable=False),
        sa.Column("user_id", TEXT, nullable=True),
        sa.Column("exchange_guid", TEXT, nullable=True),
        sa.Column("rule", TEXT, nullable=False),
        sa.Column("because", TEXT, nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_mailboxes")),
    )
    op.create_index(op.f("ix_mailboxes_due_on"), "mailboxes", ["due_on"], unique=False)
    op.create_index(op.f("ix_mailboxes_name"), "mailboxes", ["name"], unique=False)
    op.create_index(op.f("ix_mailboxes_owner_person_id"), "mailboxes", ["owner_person_id"], unique=False)
    op.create_index(op.f("ix_mailboxes_person_id"), "mailboxes", ["person_id"], unique=False)
    op.create_index(op.f("ix_mailboxes_state"), "mailboxes", ["state"], unique=False)
    op.create_table(
        "meta",
        sa.Column("site", TEXT, nullable=False),
        sa.Column("schema_version", sa.Integer(), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("policy_hash", TEXT, nullable=False),
        sa.Column("services_hash", TEXT, nullable=False),
        sa.Column("dirty", sa.Boolean(), nullable=False),
        sa.Column("journal_seq", sa.BigInteger(), nullable=False),
        sa.Column("journal_hash", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("site", name=op.f("pk_meta")),
    )
    op.create_table(
        "name_decisions",
        sa.Column("request_id", TEXT, nullable=False),
        sa.Column("person_id", TEXT, nullable=False),
        sa.Column("wanted_local", TEXT, nullable=False),
        sa.Column("outcome", TEXT, nullable=False),
        sa.Column("code", TEXT, nullable=True),
        sa.Column("decided_by", TEXT, nullable=True),
        sa.Column("reason", TEXT, nullable=True),
        sa.Column("applied", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("request_id", name=op.f("pk_name_decisions")),
    )
    op.create_index(op.f("ix_name_decisions_person_id"), "name_decisions", ["person_id"], unique=False)
    op.create_table(
        "name_overrides",
        sa.Column("person_id", TEXT, nullable=False),
        sa.Column("part", TEXT, nullable=False),
        sa.Column("value", TEXT, nullable=False),
        sa.Column("based_on", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("person_id", "part", name=op.f("pk_name_overrides")),
    )
    op.create_table(
        "notices",
        sa.Column("key", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("person_id", TEXT, nullable=True),
        sa.Column("unit_id", TEXT, nullable=True),
        sa.Column("mailbox_key", TEXT, nullable=True),
        sa.Column("addresses", sa.JSON(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("delete_on", sa.Date(), nullable=True),
        sa.Column("short_notice", sa.Boolean(), nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("to", TEXT, nullable=True),
        sa.Column("sent_on", sa.Date(), nullable=True),
        sa.Column("rule", TEXT, nullable=False),
        sa.Column("because", TEXT, nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_notices")),
    )
    op.create_index(op.f("ix_notices_mailbox_key"), "notices", ["mailbox_key"], unique=False)
    op.create_index(op.f("ix_notices_person_id"), "notices", ["person_id"], unique=False)
    op.create_index(op.f("ix_notices_state"), "notices", ["state"], unique=False)
    op.create_index(op.f("ix_notices_unit_id"), "notices", ["unit_id"], unique=False)
    op.create_table(
        "people",
        sa.Column("person_id", TEXT, nullable=False),
        sa.Column("username", TEXT, nullable=True),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("left_on", sa.Date(), nullable=True),
        sa.Column("frozen", TEXT, nullable=True),
        sa.Column("missing_since", sa.Date(), nullable=True),
        sa.Column("card_names", sa.JSON(), nullable=True),
        sa.Column("base", TEXT, nullable=True),
        sa.Column("card_id", TEXT, nullable=True),
        sa.Column("code", TEXT, nullable=True),
        sa.Column("served", sa.JSON(), nullable=False),
        sa.Column("ending", TEXT, nullable=True),
        sa.Column("ending_seen_on", sa.Date(), nullable=True),
        sa.Column("deceased", sa.Boolean(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_people")),
    )
    op.create_index(op.f("ix_people_due_on"), "people", ["due_on"], unique=False)
    op.create_index(op.f("ix_people_username"), "people", ["username"], unique=False)
    op.create_table(
        "routing",
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("destination", sa.Text(), nullable=True),
        sa.Column("before", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("address", name=op.f("pk_routing")),
    )
    op.create_table(
        "routing_builds",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("before_at", sa.Text(), nullable=True),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_routing_builds")),
    )
    op.create_table(
        "runs",
        sa.Column("run_id", TEXT, nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("at", TEXT, nullable=False),
        sa.Column("command", TEXT, nullable=False),
        sa.Column("actor", TEXT, nullable=False),
        sa.Column("program_version", TEXT, nullable=False),
        sa.Column("result", TEXT, nullable=False),
        sa.Column("snapshot_sha256", TEXT, nullable=True),
        sa.Column("digest", TEXT, nullable=True),
        sa.Column("changes", sa.Integer(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("policy_text", TEXT, nullable=False),
        sa.Column("services_text", TEXT, nullable=False),
        sa.Column("config_text", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_runs")),
    )
    op.create_index(op.f("ix_runs_place"), "runs", ["place"], unique=False)
    op.create_table(
        "snapshot_tables",
        sa.Column("sha256", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", "name", name=op.f("pk_snapshot_tables")),
    )
    op.create_table(
        "snapshots",
        sa.Column("sha256", TEXT, nullable=False),
        sa.Column("as_of", TEXT, nullable=False),
        sa.Column("rows", sa.JSON(), nullable=False),
        sa.Column("role", sa.String(length=8), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_snapshots")),
    )
    op.create_table(
        "unfinished",
        sa.Column("scope", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("scope", name=op.f("pk_unfinished")),
    )


def downgrade() -> None:
    op.drop_table("unfinished")
    op.drop_table("snapshots")
    op.drop_table("snapshot_tables")
    op.drop_index(op.f("ix_runs_place"), table_name="runs")
    op.drop_table("runs")
    op.drop_table("routing_builds")
    op.drop_table("routing")
    op.drop_index(op.f("ix_people_username"), table_name="people")
    op.drop_index(op.f("ix_people_due_on"), table_name="people")
    op.drop_table("people")
    op.drop_index(op.f("ix_notices_unit_id"), table_name="notices")
    op.drop_index(op.f("ix_notices_state"), table_name="notices")
    op.drop_index(op.f("ix_notices_person_id"), table_name="notices")
    op.drop_index(op.f("ix_notices_mailbox_key"), table_name="notices")
    op.drop_table("notices")
    op.drop_table("name_overrides")
    op.drop_index(op.f("ix_name_decisions_person_id"), table_name="name_decisions")
    op.drop_table("name_decisions")
    op.drop_table("meta")
    op.drop_index(op.f("ix_mailboxes_state"), table_name="mailboxes")
    op.drop_index(op.f("ix_mailboxes_person_id"), table_name="mailboxes")
    op.drop_index(op.f("ix_mailboxes_owner_person_id"), table_name="mailboxes")
    op.drop_index(op.f("ix_mailboxes_name"), table_name="mailboxes")
    op.drop_index(op.f("ix_mailboxes_due_on"), table_name="mailboxes")
    op.drop_table("mailboxes")
    op.drop_table("locks")
    op.drop_index(op.f("ix_journal_run_id_change_id_step"), table_name="journal")
    op.drop_index(op.f("ix_journal_object"), table_name="journal")
    op.drop_table("journal")
    op.drop_table("holds")
    op.drop_index(op.f("ix_findings_scope"), table_name="findings")
    op.drop_table("findings")
    op.drop_table("domains")
    op.drop_index(op.f("ix_approvals_digest"), table_name="approvals")
    op.drop_table("approvals")
    op.drop_table("alternatives")
    op.drop_index(op.f("ix_addresses_state"), table_name="addresses")
    op.drop_index(op.f("ix_addresses_person_id"), table_name="addresses")
    op.drop_index(op.f("ix_addresses_mailbox_key"), table_name="addresses")
    op.drop_index(op.f("ix_addresses_domain_local"), table_name="addresses")
    op.drop_index(op.f("ix_addresses_delete_on"), table_name="addresses")
    op.drop_table("addresses")
