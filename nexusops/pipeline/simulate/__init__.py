"""Looking ahead: the very line that carries out an hour, over what is only imagined.

days.py      day by day, what will happen to whom
policies.py  the same under two policies, compared
state.py     the state as it would be, in memory over the store; rows.py: its rows
tenant.py    the tenant as the ledger says it is, and a snapshot whose people are read once
"""
