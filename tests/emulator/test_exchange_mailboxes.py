"""Exchange's mailbox cmdlets (tenant-api.md 4.6 to 4.10, 5): addresses, forwards, protocols, errors, pages."""

from __future__ import annotations

from typing import Any

import pytest
from emulator.asking import HASH, Asking, kind_of

NO_OP = "The command completed successfully but no settings of '{}' have been modified."


def shared(ask: Asking, name: str, address: str) -> dict[str, Any]:
    (row,) = ask.rows(
        "New-Mailbox", Shared=True, Name=name, DisplayName=name.title(), Alias=name, PrimarySmtpAddress=address
    )
    return row


@pytest.mark.parametrize(
    "what", ["Guid", "ExternalDirectoryObjectId", "UserPrincipalName", "Alias", "Name", "alias address"]
)
def test_a_mailbox_is_found_by_everything_that_identifies_it(ask: Asking, what: str) -> None:
    row = shared(ask, "food", "food@ox.ac.uk")
    ask.exchange(
        "Set-Mailbox", Identity=row["Guid"], EmailAddresses={"@odata.type": HASH, "Add": ["smtp:eat@ox.ac.uk"]}
    )
    identity = "EAT@ox.ac.uk" if what == "alias address" else row[what]
    assert ask.mailbox(identity)["Guid"] == row["Guid"]


def test_a_shared_mailbox_has_a_directory_user_behind_it(ask: Asking) -> None:
    row = shared(ask, "food", "food@ox.ac.uk")
    user = ask.graph("GET", f"/users/{row['ExternalDirectoryObjectId']}?$select=mail,displayName,accountEnabled").json()
    assert (user["mail"], user["displayName"]) == ("food@ox.ac.uk", "Food")
    assert row["RecipientTypeDetails"] == "SharedMailbox"
    again = ask.exchange("New-Mailbox", Shared=True, Name="food", PrimarySmtpAddress="other@ox.ac.uk")
    taken = ask.exchange("New-Mailbox", Shared=True, Name="other", PrimarySmtpAddress="food@ox.ac.uk")
    foreign = ask.exchange("New-Mailbox", Shared=True, Name="other", PrimarySmtpAddress="food@example.com")
    assert [kind_of(a) for a in (again, taken, foreign)] == [
        "ADObjectAlreadyExistsException", "ProxyAddressExistsException", "NotAcceptedDomainException",
    ]  # fmt: skip


INNER = "smtp:a@nexusops.onmicrosoft.com"
"""What Exchange gives every mailbox beside its own addresses; a list that leaves it out takes it away."""


@pytest.mark.parametrize(
    ("value", "after"),
    [
        ({"@odata.type": HASH, "Add": ["smtp:b@ox.ac.uk"]}, ["SMTP:a@ox.ac.uk", INNER, "smtp:b@ox.ac.uk"]),
        ({"@odata.type": HASH, "Add": ["SMTP:b@ox.ac.uk"]}, ["smtp:a@ox.ac.uk", INNER, "SMTP:b@ox.ac.uk"]),
        (
            {"@odata.type": HASH, "Add": ["b@ox.ac.uk"], "Remove": ["smtp:c@ox.ac.uk"]},
            ["SMTP:a@ox.ac.uk", INNER, "smtp:b@ox.ac.uk"],
        ),
        (
            ["SMTP:b@ox.ac.uk", "smtp:a@ox.ac.uk", "SIP:b@ox.ac.uk"],
            ["SMTP:b@ox.ac.uk", "smtp:a@ox.ac.uk", "SIP:b@ox.ac.uk"],
        ),
        (["smtp:b@ox.ac.uk", "smtp:a@ox.ac.uk"], ["SMTP:b@ox.ac.uk", "smtp:a@ox.ac.uk"]),
    ],
)
def test_addresses_are_replaced_by_a_list_and_changed_by_a_hash_table(
    ask: Asking, value: Any, after: list[str]
) -> None:
    row = shared(ask, "a", "a@ox.ac.uk")
    answer = ask.exchange("Set-Mailbox", Identity=row["Guid"], EmailAddresses=value)
    assert (answer.status_code, answer.json()["value"]) == (200, [])
    assert ask.mailbox(row["Guid"])["EmailAddresses"] == after
    user = ask.graph("GET", f"/users/{row['ExternalDirectoryObjectId']}?$select=proxyAddresses,mail").json()
    assert user["proxyAddresses"] == after
    assert user["mail"] == next(a[5:] for a in after if a.startswith("SMTP:"))


def test_a_new_primary_keeps_the_old_one_as_an_alias(ask: Asking) -> None:
    row = shared(ask, "a", "a@ox.ac.uk")
    ask.exchange("Set-Mailbox", Identity=row["Guid"], WindowsEmailAddress="b@ox.ac.uk")
    assert ask.mailbox(row["Guid"])["EmailAddresses"] == ["SMTP:b@ox.ac.uk", "smtp:a@ox.ac.uk", INNER]


@pytest.mark.parametrize(
    ("parameters", "kind"),
    [
        ({"PrimarySmtpAddress": "b@ox.ac.uk"}, "AmbiguousParameterSetException"),
        ({"BogusParameter": 1}, "AmbiguousParameterSetException"),
        ({"HiddenFromAddressListsEnabled": "yes"}, "ParameterTransformationException"),
        ({"DisplayName": ["a"]}, "ParameterTransformationException"),
        ({"Type": "Shed"}, "ParameterTransformationException"),
        ({"EmailAddresses": {"Add": ["smtp:b@ox.ac.uk"]}}, "ParameterTransformationException"),
        ({"EmailAddresses": ["SMTP:a@ox.ac.uk", "SMTP:b@ox.ac.uk"]}, "InvalidPrimarySmtpAddressException"),
        ({"EmailAddresses": ["SMTP:a@ox.ac.uk", "smtp:A@ox.ac.uk"]}, "ArgumentException"),
        ({"EmailAddresses": ["SMTP:a@example.com"]}, "NotAcceptedDomainException"),
        ({"EmailAddresses": {"@odata.type": HASH, "Remove": ["SMTP:a@ox.ac.uk"]}}, "InvalidProxyAddressException"),
        ({"EmailAddresses": {"@odata.type": HASH, "Add": ["smtp:taken@ox.ac.uk"]}}, "ProxyAddressExistsException"),
        (
            {"EmailAddresses": ["SMTP:a@ox.ac.uk", *(f"smtp:a{n}@ox.ac.uk" for n in range(333))]},
            "UnableToWriteToAadException",
        ),
        ({"ForwardingAddress": "nobody@ox.ac.uk"}, "ManagementObjectNotFoundException"),
        ({"Type": "Regular"}, "InvalidOperationException"),
    ],
)
def test_what_exchange_refuses_is_refused_and_leaves_the_mailbox_as_it_was(
    ask: Asking, parameters: dict[str, Any], kind: str
) -> None:
    row = shared(ask, "a", "a@ox.ac.uk")
    shared(ask, "other", "taken@ox.ac.uk")
    answer = ask.exchange("Set-Mailbox", Identity=row["Guid"], CustomAttribute1="changed", **parameters)
    assert answer.status_code in (400, 404)
    assert kind_of(answer) == kind
    assert ask.mailbox(row["Guid"]) == row


def test_the_words_of_an_error_stand_where_the_service_has_them(ask: Asking) -> None:
    shared(ask, "jane", "jane@ox.ac.uk")
    row = shared(ask, "a", "a@ox.ac.uk")
    answer = ask.exchange("Set-Mailbox", Identity=row["Guid"], WindowsEmailAddress="jane@ox.ac.uk")
    error = answer.json()["error"]
    site, kind, text = error["details"][0]["message"].split("|")
    wanted = (
        'The proxy address "SMTP:jane@ox.ac.uk" is already being used by the proxy addresses or LegacyExchangeDN of '
        '"Jane". Please choose another proxy address.'
    )
    assert (site[:2], kind, text) == (
        "Ex", "Microsoft.Exchange.Configuration.ObjectModel.ProxyAddressExistsException", wanted,
    )  # fmt: skip
    assert error["innererror"]["internalexception"]["type"] == kind
    assert answer.headers["X-ExceptionType"] == kind


def test_a_contacts_address_is_taken_too(ask: Asking) -> None:
    ask.send(
        "POST",
        "http://any/_emulator/recipients",
        json={"address": "list@ox.ac.uk", "name": "A list", "kind": "MailUniversalDistributionGroup"},
    )
    row = shared(ask, "a", "a@ox.ac.uk")
    answer = ask.exchange("Set-Mailbox", Identity=row["Guid"], WindowsEmailAddress="list@ox.ac.uk")
    (found,) = ask.rows("Get-Recipient", Identity="list@ox.ac.uk")
    assert (kind_of(answer), found["RecipientTypeDetails"]) == (
        "ProxyAddressExistsException",
        "MailUniversalDistributionGroup",
    )


def test_forwards_are_set_and_cleared(ask: Asking) -> None:
    row, other = shared(ask, "a", "a@ox.ac.uk"), shared(ask, "b", "b@ox.ac.uk")
    names = ("ForwardingSmtpAddress", "ForwardingAddress", "DeliverToMailboxAndForward")
    seen = []
    for values in (("x@gmail.com", None, False), (None, other["Guid"], True), (None, None, False)):
        answer = ask.exchange("Set-Mailbox", Identity=row["Guid"], **dict(zip(names, values, strict=True)))
        assert answer.status_code == 200
        now = ask.mailbox(row["Guid"])
        seen.append(tuple(now[name] for name in names))
    assert seen == [("smtp:x@gmail.com", None, False), (None, "b", True), (None, None, False)]


def test_a_change_that_changes_nothing_is_a_warning(ask: Asking) -> None:
    row = shared(ask, "a", "a@ox.ac.uk")
    first = ask.exchange("Set-Mailbox", Identity=row["Guid"], HiddenFromAddressListsEnabled=True).json()
    second = ask.exchange("Set-Mailbox", Identity=row["Guid"], HiddenFromAddressListsEnabled=True).json()
    protocols = ask.exchange("Set-CASMailbox", Identity=row["Guid"], ImapEnabled=True).json()
    assert first["@adminapi.warnings"] == []
    assert second["@adminapi.warnings"] == protocols["@adminapi.warnings"] == [NO_OP.format(row["Guid"])]


def test_protocols_are_switched_one_by_one_and_null_means_as_the_organisation(ask: Asking) -> None:
    row = shared(ask, "a", "a@ox.ac.uk")
    ask.exchange("Set-CASMailbox", Identity=row["Guid"], ImapEnabled=False, SmtpClientAuthenticationDisabled=False)
    (first,) = ask.rows("Get-CASMailbox", Identity=row["Guid"])
    ask.exchange("Set-CASMailbox", Identity=row["Guid"], SmtpClientAuthenticationDisabled=None)
    (second,) = ask.rows("Get-CASMailbox", Identity=row["Guid"])
    assert (first["ImapEnabled"], first["OWAEnabled"], first["SmtpClientAuthenticationDisabled"]) == (
        False,
        True,
        False,
    )
    assert second == {**first, "SmtpClientAuthenticationDisabled": None}


def test_a_synced_mailbox_is_out_of_the_write_scope(ask: Asking) -> None:
    user = ask.licensed("a")
    ask.send("POST", f"http://any/_emulator/users/{user}", json={"onPremisesSyncEnabled": True})
    answer = ask.exchange("Set-Mailbox", Identity=user, HiddenFromAddressListsEnabled=True)
    assert "is being synchronized from your on-premises organization" in answer.text
    assert ask.mailbox(user)["IsDirSynced"] is True


def test_a_list_is_paged_by_posting_the_same_body_to_the_link(ask: Asking) -> None:
    names = [f"box{n:02d}" for n in range(7)]
    for name in names:
        shared(ask, name, f"{name}@ox.ac.uk")
    pages = []
    link = ""
    while True:
        sent = {**ask.token("https://outlook.office365.com"), "Prefer": "odata.maxpagesize=3"}
        url = link or f"https://outlook.office365.com/adminapi/beta/{ask.tenant.tenant_id}/InvokeCommand?$select=Name"
        body = {"CmdletInput": {"CmdletName": "Get-Mailbox", "Parameters": {"ResultSize": "Unlimited"}}}
        other = {"CmdletInput": {"CmdletName": "Get-Mailbox", "Parameters": {"ResultSize": 5}}}
        page = ask.send("POST", url, json=body, headers=sent).json()
        pages.append([row["Name"] for row in page["value"]])
        if "@odata.nextLink" not in page:
            break
        link = page["@odata.nextLink"]
    assert [len(page) for page in pages] == [3, 3, 1]
    assert sorted(name for page in pages for name in page) == names
    assert "Expired or Invalid pagination request" in ask.send("POST", link, json=other, headers=sent).text


def test_a_result_size_cuts_the_list_with_a_warning(ask: Asking) -> None:
    for name in "abc":
        shared(ask, name, f"{name}@ox.ac.uk")
    body = ask.exchange("Get-Mailbox", ResultSize=2).json()
    assert (len(body["value"]), "@odata.nextLink" in body, len(body["@adminapi.warnings"])) == (2, False, 1)
    stale = f"https://outlook.office365.com/adminapi/beta/{ask.tenant.tenant_id}/InvokeCommand?$skiptoken=old"
    assert "Expired or Invalid pagination request" in ask.exchange("Get-Mailbox", link=stale).text


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ExternalDirectoryObjectId -eq '{a}' -or ExternalDirectoryObjectId -eq '{b}'", ["a", "b"]),
        ("EmailAddresses -eq 'smtp:c@ox.ac.uk'", ["c"]),
        ("(CustomAttribute15 -eq 'nexusops') -and -not (Alias -like 'b*')", ["a"]),
        ("HiddenFromAddressListsEnabled -eq $true", ["c"]),
        ("DisplayName -eq 'O''Brien'", []),
    ],
)
def test_an_opath_filter_finds_exactly_those(ask: Asking, text: str, found: list[str]) -> None:
    ids = {name: shared(ask, name, f"{name}@ox.ac.uk")["ExternalDirectoryObjectId"] for name in "abc"}
    ask.exchange("Set-Mailbox", Identity=ids["a"], CustomAttribute15="nexusops")
    ask.exchange("Set-Mailbox", Identity=ids["b"], CustomAttribute15="nexusops")
    ask.exchange("Set-Mailbox", Identity=ids["c"], HiddenFromAddressListsEnabled=True)
    rows = ask.rows("Get-Mailbox", Filter=text.format(**ids))
    assert sorted(row["Name"] for row in rows) == found


def test_a_list_can_be_of_one_kind(ask: Asking) -> None:
    ask.licensed("person")
    shared(ask, "food", "food@ox.ac.uk")
    assert [row["Name"] for row in ask.rows("Get-Mailbox", RecipientTypeDetails=["SharedMailbox"])] == ["food"]
    assert sorted(row["Name"] for row in ask.rows("Get-Mailbox", ResultSize="Unlimited")) == ["food", "person"]
    assert ask.rows("Get-Mailbox", RecipientTypeDetails=["SharedMailbos"]) == []


def test_an_unknown_cmdlet_and_a_missing_parameter_are_refused(ask: Asking) -> None:
    assert kind_of(ask.exchange("Format-Everything")) == "CommandNotFoundException"
    assert kind_of(ask.exchange("Set-Mailbox", HiddenFromAddressListsEnabled=True)) == "ParameterBindingException"
    assert ask.rows("Get-AcceptedDomain", Identity="ox.ac.uk")[0]["DomainType"] == "Authoritative"


def test_automatic_replies_are_the_same_setting_in_both_services(ask: Asking) -> None:
    user = ask.licensed("a")
    reply = {
        "status": "alwaysEnabled",
        "externalAudience": "all",
        "internalReplyMessage": "in",
        "externalReplyMessage": "out",
    }
    answer = ask.graph("PATCH", f"/users/{user}/mailboxSettings", {"automaticRepliesSetting": reply})
    (row,) = ask.rows("Get-MailboxAutoReplyConfiguration", Identity=user)
    assert answer.status_code == 200
    assert (row["AutoReplyState"], row["ExternalAudience"], row["ExternalMessage"]) == ("Enabled", "All", "out")
    ask.exchange("Set-MailboxAutoReplyConfiguration", Identity=user, AutoReplyState="Disabled")
    shown = ask.graph("GET", f"/users/{user}/mailboxSettings?$select=automaticRepliesSetting,userPurpose").json()
    assert (shown["automaticRepliesSetting"]["status"], shown["userPurpose"]) == ("disabled", "user")
    without = ask.graph("GET", f"/users/{ask.person('b')}/mailboxSettings")
    assert (without.status_code, kind_of(without)) == (404, "MailboxNotEnabledForRESTAPI")


def test_a_batch_answers_each_item_by_its_id(ask: Asking) -> None:
    row = shared(ask, "a", "a@ox.ac.uk")
    where = f"https://outlook.office365.com/adminapi/beta/{ask.tenant.tenant_id}"
    items = [
        {
            "id": str(n),
            "method": "POST",
            "url": f"{where}/InvokeCommand?",
            "headers": {"X-CmdletName": "Get-Mailbox"},
            "body": {"CmdletInput": {"CmdletName": "Get-Mailbox", "Parameters": {"Identity": identity}}},
        }
        for n, identity in enumerate((row["Guid"], "nobody"))
    ]
    token = ask.token("https://outlook.office365.com")
    answer = ask.send("POST", f"{where}/$batch", json={"requests": items}, headers=token).json()
    assert {r["id"]: r["status"] for r in answer["responses"]} == {"0": 200, "1": 404}
    many = {"requests": [{**items[0], "id": str(n)} for n in range(11)]}
    assert ask.send("POST", f"{where}/$batch", json=many, headers=token).status_code == 400
    wrong = ask.send(
        "POST", f"{where}/$batch", json={"requests": items}, headers=ask.token("https://graph.microsoft.com")
    )
    assert (wrong.status_code, wrong.content, "WWW-Authenticate" in wrong.headers) == (401, b"", True)
    listed = {"requests": [{**items[0], "headers": ["X-CmdletName"]}]}
    assert ask.send("POST", f"{where}/$batch", json=listed, headers=token).status_code == 400
