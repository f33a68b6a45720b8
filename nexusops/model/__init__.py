"""The nouns: frozen values without behaviour that needs the outside. Nothing here does I/O.

What registration says   people.py, units.py, services.py (requests for SaaS mail); snapshot.py: all of it, or a slice
What is configured       site.py, policy.py
What was promised        ledger.py, with the rows of addresses.py, mailboxes.py, notices.py and services.py;
                         rows.py: their keys; slicing.py: which of them a decision sees
What is and should be    tenant.py
What is to be done       changes.py, steps.py, undoing.py; plan.py: all of it; pace.py: how fast
What was done            journal.py, progress.py; findings.py: what people must look at
Where mail goes          routing.py
What the DNS says        dns.py, dns_spf.py, dns_report.py
What is answered         forecast.py, whatif.py, audits.py, health.py, inspection.py
What they are made of    frozen.py, ids.py, dates.py, urls.py
"""
