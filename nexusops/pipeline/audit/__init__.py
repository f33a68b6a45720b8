"""What an auditor asks (rules.md 4e), from the journal and the ledger.

rows.py      what the journal says of a subject
promises.py  whether the promises were kept, each proved from its rows
notices.py   which notices are owed, and to whom, and which fall due by a day
due.py       ends that are overdue, with what they wait for
"""
