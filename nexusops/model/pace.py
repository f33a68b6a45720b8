"""How fast the tenant may be asked (tenant-api.md 7.1): what the runner keeps to, and what a plan is estimated by.

Graph's numbers are Microsoft's, for a tenant of more than 500 users. Exchange publishes none: its are UNSOURCED.
"""

from __future__ import annotations

WRITES, WRITES_SECONDS = 3000, 150
"""Writes of one application in one tenant's directory, in so many seconds."""
UNITS, UNITS_SECONDS = 8000, 10
"""Resource units of one application in one tenant, in so many seconds."""
OUTLOOK, OUTLOOK_SECONDS = 10_000, 600
"""Requests of one application to one mailbox (sendMail, mailboxSettings), in so many seconds."""
OUTLOOK_AT_ONCE = 4
"""… and how many of them at the same time."""
MAIL, MAIL_SECONDS = 30, 60
"""Messages that one mailbox may send, in so many seconds (4.6)."""
MAIL_A_RUN = 150
"""Messages of one run: less than five minutes' worth, since the routing table and the service desk wait for its end.
With a run an hour they are 3,600 a day, of the 10,000 recipients a day of one mailbox.
"""
EXCHANGE_AT_ONCE = 3
"""UNSOURCED: Exchange publishes no limit, and says only when it is too much; after a refusal it is fewer."""
EXCHANGE_SECONDS = 1.5
"""UNSOURCED: how long a cmdlet that writes takes."""


def graph_seconds(writes: int) -> float:
    """The seconds that so many writes of the directory take at the documented rate."""
    return writes * WRITES_SECONDS / WRITES


def mail_seconds(messages: int) -> float:
    """The seconds that a run waits for its turns to send so many."""
    return max(0, min(messages, MAIL_A_RUN) - 1) // MAIL * MAIL_SECONDS


def exchange_seconds(writes: int) -> float:
    """The seconds that so many writes to Exchange take, a few at a time."""
    return writes * EXCHANGE_SECONDS / EXCHANGE_AT_ONCE
