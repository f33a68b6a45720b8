"""tenant-api.md 4.7-4.9, 5.3: what a row of Get-Mailbox says."""

from __future__ import annotations

from typing import Any

import pytest

from nexusops.tenant.access import only
from nexusops.tenant.cmdlets import MailboxRow, converted
from nexusops.tenant.faults import ExchangeFault, TenantFault


def row(**values: Any) -> MailboxRow:
    ids = {"Guid": "g", "ExternalDirectoryObjectId": "u", "Name": "n", "EmailAddresses": []}
    return converted({**ids, **values}, MailboxRow)


@pytest.mark.parametrize(
    ("values", "held"),
    [
        ({}, False),
        ({"LitigationHoldEnabled": True}, True),
        ({"InPlaceHolds": ["UniH7d895d48-7e23-4a8d-8346-533c3beac15d"]}, True),
        ({"ComplianceTagHoldApplied": True}, True),
    ],
    ids=["none", "litigation", "in-place", "label"],
)
def test_every_kind_of_hold_counts(values: dict[str, Any], held: bool) -> None:
    """4.9: checked before a deletion is promised."""
    assert row(**values).held is held


def test_only_smtp_addresses_are_addresses_and_one_is_the_sender() -> None:
    found = row(EmailAddresses=["smtp:C@x.example", "SPO:SPO_1@SPO_2", "SIP:c@x.example", "SMTP:C@lvin.example"])
    assert (found.primary, found.smtp) == ("c@lvin.example", {"c@x.example", "c@lvin.example"})


@pytest.mark.parametrize(
    ("smtp", "internal", "forward"),
    [
        (None, None, None),
        ("smtp:x@gmail.example", None, "x@gmail.example"),
        ("SMTP:X@gmail.example", None, "X@gmail.example"),
        ("smtp:x@gmail.example", "Jane Doe", "Jane Doe"),
    ],
)
def test_where_both_forwards_are_set_the_internal_one_counts(
    smtp: str | None, internal: str | None, forward: str | None
) -> None:
    """4.8: ForwardingSmtpAddress is then ignored."""
    assert row(ForwardingSmtpAddress=smtp, ForwardingAddress=internal).forward == forward


def test_what_is_null_is_as_if_it_were_not_there() -> None:
    """One odd mailbox among many is no reason to read none of them; without its addresses it is no answer, though."""
    odd = dict.fromkeys(("ExternalDirectoryObjectId", "Alias", "InPlaceHolds", "IsDirSynced", "UserPrincipalName"))
    found = row(**odd)
    assert (found.external_directory_object_id, found.alias, found.held, found.is_dir_synced) == ("", "", False, False)
    with pytest.raises(ExchangeFault) as raised:
        row(EmailAddresses=None)
    assert raised.value.message == ("the row of n cannot be understood: Object missing required field `EmailAddresses`")


def test_no_scope_is_made_for_a_mailbox_that_no_user_is_behind() -> None:
    """R61: a filter without an id would let in every mailbox that has none."""
    assert only(row()) == "ExternalDirectoryObjectId -eq 'u'"
    with pytest.raises(TenantFault) as raised:
        only(row(ExternalDirectoryObjectId=None))
    assert raised.value.message == "Exchange does not say which directory user n belongs to"
