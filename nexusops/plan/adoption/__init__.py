"""First use: what a tenant had before us, as rows of the ledger (rules.md 3.16).

mailbox.py   a mailbox, as it is, whatever the rules would have made of it
person.py    that of a person
known.py     what people of the ledger have had since it was backed up
findings.py  what is left alone, and what to do about it
"""
