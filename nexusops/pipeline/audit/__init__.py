"""What an auditor asks (rules.md 4e), from the journal and the ledger.

rows.py      what the journal says of a subject
promises.py  whether the promises were kept, each proved from its rows
due.py       what has a day: notices to send, and ends that come or are overdue
"""
