"""The undo of a run: what it did is taken back thing by thing, as far as nothing newer stands on it (interface.md 4).

pieces.py       the things that a run changed, by its journal
taking_back.py  the ledger with those put back that can be, and why the others cannot
winding.py      a wind-down whose owner was told that it is off
drafts.py       the inverse as changes of the tenant, for the plan
"""
