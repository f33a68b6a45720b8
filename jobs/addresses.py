"""R37-R41, D22, D23. Wind-down and revival are promises: the tenant sees them through the sender only."""

from nexusops.job import Job
from nexusops.model.changes import Kind

job = Job(
    name="addresses",
    sentence="Adds addresses, starts and ends their wind-down, and removes them when they are due.",
    kinds=frozenset({Kind.ADD_ADDRESS, Kind.WIND_DOWN_ADDRESS, Kind.REVIVE_ADDRESS, Kind.REMOVE_ADDRESS}),
    graph=("User.Read.All", "LicenseAssignment.Read.All"),
    exchange=("Exchange.ManageAsApp", "View-Only Recipients", "Mail Recipients"),
    schedule="*-*-* *:00:00",
)

if __name__ == "__main__":
    job.alone()
