"""SaaS mail: which way a product should send, and the life of what was asked for (R61-R74, R83-R87; D37-D39).

ways.py     the answer to a request; words.py: what is said to whoever asked
life.py     from the answer through its mailbox or domain to its end
records.py  the DNS records of a service domain; signing.py: DKIM by Exchange; watch.py: which are watched
"""
