"""What to do about a finding, as docs/findings.md says it: for whoever has the page, and not the document."""

from __future__ import annotations

from collections.abc import Mapping

_TOLD = """
DUP_PERSON DUP_USERNAME DUP_CARD: have registration mend the rows; give the unit's mailbox another mailbox_id, or
    the person another username
USERNAME_CHANGED: put the former one back; after five years away a new one is taken
BAD_USERNAME BAD_VALUE BAD_NAME BAD_CARD_DATES BAD_AFFILIATION_DATES ORPHAN_CARD ORPHAN_AFFILIATION DUP_AFFILIATION
    NO_AFFILIATION_START BAD_UNIT_ID DUP_UNIT BAD_DOMAIN DUP_DOMAIN DUP_ROW BAD_ROW BAD_UNIT_KIND ZONE_MISMATCH:
    mend the row
UNKNOWN_STATUS: mend it, or add the code to `policy.toml`
BAD_KNOWN_AS: shorten it
UNIT_MISSING: add the unit
UNIT_DOMAIN_UNKNOWN: add the domain
UNIT_DOMAIN_CONFLICT: mend one of the two
REORG_MONTHS: correct the months, or give the reference
REORG_NO_TARGET: add them to reorg_members
UNKNOWN_TABLE UNKNOWN_COLUMN MULTIPLE_CARDS NAME_PART_EXCEPTION: nothing
PENDING_USERNAME: nothing; the run after the username makes it
MISSING_CARD: put the row back, or cancel the card
AFFILIATION_LIMIT: nothing, or end another one
NAME_NOT_LATIN NAME_INCOMPLETE: a name request, decided by the desk, cures it
NAME_TRUNCATED NAME_CONTROL_CHARS: look at the card
NAME_REFERRED: `nexusops desk decide-name ID accept|reject`
NAME_INITIAL NAME_FORM NAME_NEEDS_CARD: the card has to change first, or another name be asked for
SENDER_NOT_ACTIVE SENDER_NOT_YOURS SENDER_NON_PERSONAL SENDER_FOREIGN SENDER_UNKNOWN ALT_IS_OXFORD ALT_SYNTAX: tell
    the person
NOTICE_NO_ADDRESS: give an alternative address; name IT staff of the unit
ROUTE_UNKNOWN_ADDRESS: remove or correct the row
BAD_ROUTE: correct the row
NOT_UNIT_IT: have the unit's IT staff do it
ROUTE_LOOP: correct one of the routes
DANGLING_ROUTE: name another target
SPLIT_ROUTING: decide which of the two is meant
ROLE_TO_PERSONAL: attach it to a mailbox of the unit
NO_ROUTE: ask the unit for an outside route
FORWARD_LOOP: correct one of the outside routes
NONPERSONAL_NO_ADDRESS: add one
NONPERSONAL_NO_MAILBOX: correct the row, or remove it
ADDRESS_TAKEN: ask for another one, wait for the purge, or take that mailbox over with `nexusops adopt`
ROLES_END: have the units move what they need to another domain before that day; no notice tells them
LIKE_A_PERSON: see that it is for a role, and not for a person
NOT_UNIT_DOMAIN: choose a domain of the unit
OWNER_INELIGIBLE: name a member of staff or a postgraduate
FOREIGN_CAP: remove one, or raise `incoming_cap`
NO_POSTMASTER NO_ABUSE: have its unit ask for it
NO_HISTORY: restore the state, if it was lost; else adopt the tenant first
AWAITING_MAILBOX: nothing; later runs go on
NOTICES_WAIT: nothing; for thousands a day see docs/tenant.md, How fast
NO_LICENCE: free licences or order more, and check `[tenant] licence_sku`; later runs go on
TENANT_AMBIGUOUS: leave it with one of them
TENANT_ID_MISPLACED: remove the employeeId there; if the mailbox is that person's, make it a regular one
TENANT_EXTRA_ADDRESS: remove it, or have it registered
TENANT_SYNCED TENANT_DISABLED TENANT_UNKNOWN_PERSON TENANT_UNKNOWN_MAILBOX TENANT_MISSING_MAILBOX TENANT_DELETED
    TENANT_STILL_THERE UNDO_NONE UNDO_PARTIAL: see the message
SAAS_FIELD: correct the file, or rename it
TENANT_ID_CHANGED: find out who replaced it
TENANT_MISSING_ADDRESS TENANT_ENDED_ADDRESS TENANT_WRONG_SENDER TENANT_WRONG_FORWARD: the next full plan puts it
    right, unless it was done by hand
ON_HOLD: release the hold
SET_ASIDE: see the reason
WAITS_FOR: run that job, or all
UNDONE: nothing, until registration says something new; `nexusops desk release SUBJECT`, or `nexusops undo` of the
    whole undo, lets the rules go on at once
"""
"""Codes, a colon, and what to do; a line that begins with blanks goes on with the one before."""


def _cures() -> dict[str, str]:
    found: dict[str, str] = {}
    for line in _TOLD.strip().replace("\n    ", " ").splitlines():
        codes, _, cure = line.partition(": ")
        found |= dict.fromkeys(codes.split(), cure)
    return found


CURES: Mapping[str, str] = _cures()
"""By the finding's code. Codes of mail domains and of requests are not among them: their messages say it."""
