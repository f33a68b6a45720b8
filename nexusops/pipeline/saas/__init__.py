"""One request for SaaS mail, outside the hourly run (interface.md 7; rules.md 2.4).

filing.py    what somebody writes into a request, as registration knows it
advice.py    which way a product should send; standing.py: what it has already, and what the next run will do
plan.py      the part of the whole plan that is its own
desk.py      what staff record about it: a new owner, its end, a new secret, its proof
proof.py     the trial and the proof
dns.py       what the DNS says of a service domain that is still to be proved
facts.py     what is so now, for ``explain``
"""
