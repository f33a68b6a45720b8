"""The rules of rules.md, one family a file: pure functions from values to values, with ``today`` as an argument.

entitlement.py   what the cards say; lifecycle.py: the life of a personal mailbox
naming.py        how a local part is formed; likeness.py: names that are likely to be meant for one another
requests.py      another name is asked for
allocation.py    addresses are allotted, wound down, revived and ended; book.py: who holds or held which
sender.py        which address a mailbox sends as
reorganising.py  units and mail domains: which give addresses today, and what takes their place
routes.py        routes as registration has them, judged; judging.py: by what; circles.py: those that lead back;
                 routing.py: where mail goes
notices.py       who is told what, and when; owing.py: what is known when that is judged
mailauth/        mail domains and their DNS
services/        SaaS mail
"""
