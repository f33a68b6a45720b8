"""Act: each step is written down before it is done and after, and what an outcome alters is in the same transaction.

executor.py  the steps of a plan, carried out: intent, act, outcome
waves.py     which changes may be under way together, and by whose port each goes
settle.py    what an outcome makes of the ledger
noted.py     what a disabling found, by its journal, for the enabling that follows
undo/        a run taken back
"""
