"""The channels of notices (D33): what is said (templates), and how it goes out.

identity.py   Message-ID and header, made from the notice's identity alone
templates.py  subject, text and HTML of each kind, built in or the site's own
channels.py   the tenant's sendMail, SMTP, or a folder of .eml files
"""
