"""The channels of notices (D33): what is said (templates), and how it goes out.

message.py    a notice in words, as RFC 5322 and as Graph have it; Message-ID and header from its identity alone
templates.py  subject, text and HTML of each kind, built in or the site's own; sandbox.py: where those are rendered
channels.py   the tenant's sendMail, SMTP, or a folder of .eml files
turns.py      how many messages Exchange lets a mailbox send
"""
