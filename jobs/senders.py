"""R10-R12, R34, R40, D16-D18."""

from nexusops.job import Job
from nexusops.model.changes import Kind

job = Job(
    name="senders",
    sentence="Moves the address that a mailbox sends as.",
    kinds=frozenset({Kind.SET_SENDER}),
    graph=("User.Read.All", "LicenseAssignment.Read.All"),
    exchange=("Exchange.ManageAsApp", "View-Only Recipients", "Mail Recipients"),
    schedule="*-*-* *:00:00",
)

if __name__ == "__main__":
    job.alone()
