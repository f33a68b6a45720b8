"""R36, R42, R44, D07, D08. Mail Recipient Creation is for the removal of shared mailboxes only."""

from nexusops.job import Job
from nexusops.model.changes import Kind

job = Job(
    name="disable_cancelled",
    sentence="Disables mailboxes whose card was cancelled or ended, and deletes them when they are due.",
    kinds=frozenset({Kind.DISABLE_MAILBOX, Kind.DELETE_MAILBOX}),
    graph=(
        "User.Read.All",
        "LicenseAssignment.Read.All",
        "User.EnableDisableAccount.All",
        "User.RevokeSessions.All",
        "User.DeleteRestore.All",
    ),
    exchange=("Exchange.ManageAsApp", "View-Only Recipients", "Mail Recipients", "Mail Recipient Creation"),
    schedule="*-*-* *:00:00",
)

if __name__ == "__main__":
    job.alone()
