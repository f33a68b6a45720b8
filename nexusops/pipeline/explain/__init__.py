"""Why somebody or something is as it is, and what comes next, from the last accepted snapshot and the ledger.

answers.py  the answer for a person, an address, a mailbox or a request, out of the parts below
summary.py  the first line: what it is, and until when
facts.py    what is so now, with rule, date and evidence
standing.py how a person stands, and why: card, affiliations, name
decided.py  what people asked for and decided, and how it is taken back
mail.py     where mail for an address goes, now and after the next run
history.py  what was done, in words
ahead.py    what happens next, by the line itself; preview.py: what somebody who returns would get, or under
            another status
unit.py     a unit as its local IT staff see it
"""
