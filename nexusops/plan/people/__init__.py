"""What the rules make of one person.

person.py     the order of it all, from the rows to what is promised
case.py       everything that is known of them, and what becomes of it; turns.py: whose turn it is
faults.py     what freezes them, by their rows alone; freezing.py: by the ledger and the policy
mailbox.py    their mailbox
names.py      the name part; addresses.py: their addresses; endings.py: which of them go, and why
senders.py    sender and forward
contacts.py   addresses outside
telling.py    the notices; calendar.py: the next day on which to look
"""
