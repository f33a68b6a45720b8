"""Mail domains and their DNS (R66-R88; D38, D40; rules.md 2.5).

site.py      what a site expects of its own domains
check.py     a mail domain as a whole
spf.py       what RFC 7208 makes of a record; syntax.py and macros.py: its grammar
dkim.py, dmarc.py   keys and policies; tags.py: what both are made of
platforms.py        sending platforms whose customers share servers
"""
