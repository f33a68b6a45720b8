"""nexusops runs a university's mail estate on Microsoft 365 from diffs of its registration data.

The program is one straight line:

    Snapshot --diff--> affected people -+
                                        +- advance -> Ledger' + promises -- project -> desired -+
    Ledger, actual -- observe ----------+                                                       +- compare -> Plan
                                                                     Tenant -- actual ----------+
    Plan -- check -- show -- carry out -> Journal, Ledger'

Where each word lives:

    model/         the nouns: people, units, ledger, changes, policy, dates, tenant
    ports.py       all the input and output there is; questions.py: what people ask of the state
    rules/         the rules of the mail estate, one family a file; pure
    plan/          observe, advance, project, compare, arrange, check; pure
    codec/         plan and journal documents
    registration/  snapshots: readers, the gate, the diff
    store/         the ledger and the journal in SQL; migrations
    tenant/        Graph and Exchange: transport, credentials, reads and writes
    notify/        the channels of notices
    dns/           questions to the DNS, and the ways of publishing records
    apply/         carry out: journal and executor
    report/        show: text, JSON, HTML, CSV, Markdown
    pipeline/      the line, top to bottom
    config/        the configuration folder and the profiles
    wiring.py      where configuration becomes real adapters; wiring_state.py the state, wiring_notices.py the channel
                   of notices, wiring_resolver.py and wiring_dns.py those of the DNS
    cli/           the commands; __main__.py: `python -m nexusops`
    console/       the web console
    doctor/        whether everything is in place for a run
    queue/         the hourly runs of many sites, spread over workers
    telemetry/     what a command that acts leaves for monitoring
    job.py         what a job declares; the jobs themselves stand in jobs/ beside nexusops/
    demo/          an invented university and its story
    emulator/      the embedded tenant; imports nothing else of nexusops

Under all of it: errors.py (every error with its exit code), clock.py (the only clock), whole.py (files that are written
whole or not at all).
"""

__version__ = "0.1.0"
