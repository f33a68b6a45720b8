"""DNS as an adapter: questions to a resolver or a zone file, and four ways of publishing the records of a domain.

records.py      a record as a line of a zone, and as dnspython's rdata
publishing.py   the Publisher of ports.py: each step to the way that its change names
folder.py       zone lines and ticket texts, one file a domain, for a person to act on
update.py       RFC 2136 dynamic updates: look, write, look again
primary.py      the name server that takes them, signed with TSIG (RFC 8945)
octodns.py      the folder of zone lines as a source of octoDNS
zone.py         answers from an RFC 1035 zone file; overlay.py: for its domains, from elsewhere for the rest
network.py      answers from a resolver
memory.py       what providers' SPF records were when they were last found good
"""
