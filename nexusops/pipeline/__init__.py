"""The line, from end to end, and what else is asked of it.

The line:

    inputs.py    what a run works through: the ports, the jobs, the policy
    affected.py  who is affected; watching.py: what the DNS says of service domains
    decide.py    read and decide: snapshot -> affected -> slices -> promises -> desired -> changes -> plan
    sight.py     what a decision sees of the tenant, and that it is the whole of what was asked for
    decision.py  what has been decided, and what accepting it would commit
    act.py       act: guard -> accept (one transaction) -> carry out -> finish -> routing table
    refusing.py, fitting.py, stopping.py   what ends it before the first write: the snapshot, a stale plan, a guard
    settling.py  what an interrupted run left open
    outcome.py   what became of a run; whom.py: what the people of a plan are called
    routing.py   the routing table for the mail hubs, and what judging routes needs to know
    periods.py   the ownership periods of addresses, as all of these ask for them

What acts by it: desk.py, undo.py, release.py (what an undo keeps is let go), adopt.py, saas/. What only asks:
explain/, simulate/, audit/, replay/, reorg.py, drift.py, health.py, undone.py (what undos keep), domains.py (what is
known of mail domains), domain_checks.py (what the DNS says of them), nearby.py (whom a name may mean).

Nothing later in the line calls anything earlier. A dry run is to stop after ``make_plan``.
"""
