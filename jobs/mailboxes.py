"""R2, R3, R25, R43, R61, D23: creation needs user, licence and mailbox; restoring is the act of the directory."""

from nexusops.job import Job
from nexusops.model.changes import Kind

job = Job(
    name="mailboxes",
    sentence="Makes, enables and restores mailboxes, of people and of units.",
    kinds=frozenset({Kind.CREATE_MAILBOX, Kind.ENABLE_MAILBOX, Kind.RESTORE_MAILBOX}),
    graph=(
        "User.Read.All",
        "LicenseAssignment.Read.All",
        "User.ReadWrite.All",
        "User.DeleteRestore.All",
        "LicenseAssignment.ReadWrite.All",
    ),
    exchange=("Exchange.ManageAsApp", "View-Only Recipients", "Mail Recipients", "Mail Recipient Creation"),
    schedule="*-*-* *:00:00",
)

if __name__ == "__main__":
    job.alone()
