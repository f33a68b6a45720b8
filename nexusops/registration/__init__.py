"""Registration data in: a snapshot from a folder or a database, checked, compared and cut into slices (rules.md 3).

layout.py      which tables and columns there are
folder.py      a snapshot that lies in a folder; manifest.py: whose it is; reading.py: a file of it, lines.py: of a CSV
database.py    one that is read from a database; values.py: what that gives, as text
gate.py        whether it may follow the one accepted before
shelf.py       where its tables stand, in DuckDB
tables.py      what can be asked of it: people, slices
changes.py     whom a difference concerns; difference.py: what differs, for people

Strings become the nouns of the model, row fault by row fault (D29): fields.py, one by one

records.py     people; draft.py: what is found out about one; person_rows.py, wishes.py: from their rows
estate.py      what is not one person's, by rows.py; domains.py, routes.py
nobodys.py     rows of which nobody can tell whose they are; strays.py: and those that belong to nobody
"""
