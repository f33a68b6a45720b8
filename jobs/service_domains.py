"""R65-R70, R78, R83-R88. Signatures only of domains that Exchange accepts; their role is in docs/domains.md."""

from nexusops.job import Job
from nexusops.model.changes import Kind

job = Job(
    name="service_domains",
    sentence="Publishes and retires the DNS records of service domains, as zone lines, dynamic updates or tickets.",
    kinds=frozenset({Kind.PUBLISH_RECORDS, Kind.RETIRE_RECORDS}),
    graph=("User.Read.All", "LicenseAssignment.Read.All"),
    exchange=("Exchange.ManageAsApp", "View-Only Recipients", "View-Only Organization Management"),
    schedule="*-*-* *:00:00",
)

if __name__ == "__main__":
    job.alone()
