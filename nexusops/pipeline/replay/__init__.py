"""The history made anew, from the same snapshots: the same plans, and the same state (rules.md 4e).

runs.py  each run again
kept.py  under which policy and requests it was decided
dns.py   what the DNS had said, as far as the end of that run tells
"""
