"""R46, R47, D33. Mail.Send should be limited to the sender's mailbox by an application access scope."""

from nexusops.job import Job
from nexusops.model.changes import Kind

job = Job(
    name="notices",
    sentence="Sends the notices that are due: wind-downs, cancellations, expiry warnings, orphaned mailboxes.",
    kinds=frozenset({Kind.SEND_NOTICE}),
    graph=("User.Read.All", "LicenseAssignment.Read.All", "Mail.Send"),
    exchange=("Exchange.ManageAsApp", "View-Only Recipients"),
    schedule="*-*-* *:00:00",
)

if __name__ == "__main__":
    job.alone()
