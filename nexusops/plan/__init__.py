"""Decide: observe, advance, project, compare, arrange, check. Pure functions from values to values.

observe.py   what only the tenant knows and the rules need
advance.py   the promises: a fold over people/ and boxes/; setting.py: what is the same for all of them
holding.py   what an undo keeps from them
domains.py   the state of each mail domain
project.py   what the tenant should look like
compare.py   the changes that make it so; leavers.py: what leaves with them; service_changes.py: what products
             get and lose
promises.py  the promises as changes
arrange.py   one plan: order, ids, what must be done first; licences.py, estimate.py: what it takes
guard.py     passes, or says which limit is exceeded
slices.py    which rows of the ledger a decision needs beside the people's own
drift.py     where the tenant differs from the ledger
adoption/    first use; first_use.py: a state that has missed it
"""
