"""Microsoft Graph v1.0, as far as the toolkit uses it.

routes.py                which path does what, and what opens it
odata.py, filters.py     query options and $filter; queries.py, listing.py: lists that are asked by them
users.py                 directory users; properties.py: what they have; delta.py: which have changed
licences.py              the licences that bring mailboxes
deleted.py               the recycle bin; deleted_applications.py: of applications
applications.py, principals.py, federation.py     what signs in
mail.py                  sendMail; mailbox_settings.py, working_hours.py: mailboxSettings
organisation.py, domains.py, audits.py     the organisation, its domains, and who changed what
"""
