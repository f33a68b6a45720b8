"""What the rules make of non-personal mailboxes and addresses.

mailboxes.py  made, handed over, orphaned, ended; wishes.py: what is asked for, and why it cannot be had
orphans.py    whose owner has gone
aliases.py    addresses that are no mailbox's own
services.py   requests for SaaS mail
judgement.py  what judging all of these has in common; roles.py: what is said of units' addresses together
shelf.py      the mailboxes of a ledger by their names
"""
