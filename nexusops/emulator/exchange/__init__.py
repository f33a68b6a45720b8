"""Exchange Online's admin REST surface ("InvokeCommand"), as far as the toolkit uses it (tenant-api.md 5).

invoke.py           who may, the envelope, the cmdlet, the answer; errors.py: a refusal; paging.py: pages
table.py            what each cmdlet takes; parameters.py: bound to what was sent
recipients.py       who is meant; opath.py: filters
mailbox_reads.py, mailbox_writes.py, addresses.py, access.py, autoreply.py     mailboxes
applications.py, scopes.py     applications, and which mailboxes they may use
organisation.py     accepted domains, forwarding, DKIM
"""
