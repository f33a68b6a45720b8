"""R61-R64, rules.md 2.4. The mailbox itself (CreateMailbox of kind saas) is carried by the job mailboxes."""

from nexusops.job import Job
from nexusops.model.changes import Kind

job = Job(
    name="saas_mailboxes",
    sentence="Gives an application the right to its one mailbox, and takes it away.",
    kinds=frozenset({Kind.GRANT_ACCESS, Kind.REVOKE_ACCESS}),
    graph=("User.Read.All", "LicenseAssignment.Read.All", "Application.ReadWrite.OwnedBy"),
    exchange=("Exchange.ManageAsApp", "View-Only Recipients", "Mail Recipients", "Organization Management"),
    schedule="*-*-* *:00:00",
)

if __name__ == "__main__":
    job.alone()
