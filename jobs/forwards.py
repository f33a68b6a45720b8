"""R58, R59, D35. Runs after the routing update, in the same run."""

from nexusops.job import Job
from nexusops.model.changes import Kind

job = Job(
    name="forwards",
    sentence="Sets and clears the automatic forwards of mailboxes whose sender is in a domain of a unit's own mail.",
    kinds=frozenset({Kind.SET_FORWARD, Kind.CLEAR_FORWARD}),
    graph=("User.Read.All", "LicenseAssignment.Read.All"),
    exchange=("Exchange.ManageAsApp", "View-Only Recipients", "Mail Recipients"),
    schedule="*-*-* *:00:00",
)

if __name__ == "__main__":
    job.alone()
