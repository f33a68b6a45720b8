"""A licence brings a mailbox; deleting the user takes both away for thirty days (tenant-api.md 4.4, 4.9, 8)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from emulator.asking import Asking, kind_of, person

NOW = datetime(2025, 10, 1, 8, tzinfo=UTC)


def test_a_licence_makes_a_mailbox_of_the_user_principal_name(ask: Asking) -> None:
    user = ask.licensed("ball1234")
    row = ask.mailbox(user)
    addresses = ["SMTP:ball1234@nexus.ox.ac.uk", "smtp:ball1234@nexusops.onmicrosoft.com"]
    assert row["EmailAddresses"] == addresses
    assert (row["Alias"], row["RecipientTypeDetails"], row["ExternalDirectoryObjectId"]) == (
        "ball1234",
        "UserMailbox",
        user,
    )
    body = ask.graph("GET", f"/users/{user}?$select=mail,proxyAddresses,assignedLicenses").json()
    assert body["mail"] == "ball1234@nexus.ox.ac.uk"
    assert body["proxyAddresses"] == addresses
    assert body["assignedLicenses"] == [{"skuId": ask.sku, "disabledPlans": []}]


def test_stock_is_counted_and_a_licence_without_a_country_is_refused(ask: Asking) -> None:
    ask.licensed("a")
    skus = {s["skuPartNumber"]: s["consumedUnits"] for s in ask.graph("GET", "/subscribedSkus").json()["value"]}
    assert skus == {"ENTERPRISEPACKPLUS_FACULTY": 1, "ENTERPRISEPACKPLUS_STUDENT": 0, "EXCHANGESTANDARD": 0}
    body = person("b")
    del body["usageLocation"]
    user = ask.graph("POST", "/users", body).json()["id"]
    answer = ask.license(user)
    assert answer.status_code == 400
    text = "License assignment cannot be done for user with invalid usage location."
    assert answer.json()["error"]["message"] == text
    assert ask.graph("POST", f"/users/{user}/assignLicense", {"addLicenses": []}).status_code == 400
    assert ask.license(user, "00000000-0000-0000-0000-000000000000").status_code == 400


def test_the_mailbox_of_a_licence_that_is_taken_away_comes_back_as_the_same(ask: Asking) -> None:
    user = ask.licensed("a")
    guid = ask.mailbox(user)["ExchangeGuid"]
    ask.graph("POST", f"/users/{user}/assignLicense", {"addLicenses": [], "removeLicenses": [ask.sku]})
    assert ask.exchange("Get-Mailbox", Identity=user).status_code == 404
    ask.license(user)
    assert ask.mailbox(user)["ExchangeGuid"] == guid


def test_a_mailbox_can_come_late_by_reads_or_by_directory_time(ask: Asking) -> None:
    ask.tenant.set_clock(NOW)
    ask.faults({"kind": "mailbox_delay", "reads": 2})
    user = ask.licensed("a")
    statuses = [ask.exchange("Get-Mailbox", Identity=user).status_code for _ in range(3)]
    ask.faults({"kind": "mailbox_delay", "minutes": 30})
    late = ask.licensed("b")
    before = ask.exchange("Get-Mailbox", Identity=late)
    listed = [row["Name"] for row in ask.rows("Get-Mailbox")]
    ask.tenant.set_clock(NOW + timedelta(minutes=30))
    assert statuses == [404, 404, 200]
    assert (before.status_code, kind_of(before)) == (404, "ManagementObjectNotFoundException")
    assert listed == ["a"]
    assert ask.mailbox(late)["Name"] == "b"
    assert ask.unspent() == []


def test_a_deleted_user_is_found_among_the_deleted_only_and_restored_whole(ask: Asking) -> None:
    user = ask.licensed("a", employeeId="7")
    guid = ask.mailbox(user)["Guid"]
    assert ask.graph("DELETE", f"/users/{user}").status_code == 204
    assert ask.graph("GET", f"/users/{user}").status_code == 404
    assert ask.exchange("Get-Mailbox", Identity=user).status_code == 404
    (soft,) = ask.rows("Get-Mailbox", Identity=user, SoftDeletedMailbox=True)
    assert soft["Guid"] == guid
    (row,) = ask.graph(
        "GET", "/directory/deletedItems/microsoft.graph.user?$select=id,employeeId,userPrincipalName,deletedDateTime"
    ).json()["value"]
    assert (row["id"], row["employeeId"]) == (user, "7")
    assert row["userPrincipalName"] == user.replace("-", "") + "a@nexus.ox.ac.uk"
    assert ask.graph("GET", f"/directory/deletedItems/{user}").json()["deletedDateTime"] == row["deletedDateTime"]
    assert ask.graph("POST", f"/directory/deletedItems/{user}/restore").status_code == 200
    assert ask.mailbox("a@nexus.ox.ac.uk")["Guid"] == guid
    assert ask.graph("GET", "/users/a@nexus.ox.ac.uk").json()["id"] == user


def test_a_deleted_mailbox_keeps_its_addresses_reserved(ask: Asking) -> None:
    user, other = ask.licensed("a"), ask.licensed("b")
    ask.graph("DELETE", f"/users/{user}")
    again = ask.graph("POST", "/users", person("a"))
    alias = ask.exchange(
        "Set-Mailbox", Identity=other, EmailAddresses=["SMTP:b@nexus.ox.ac.uk", "smtp:a@nexus.ox.ac.uk"]
    )
    assert (again.status_code, again.json()["error"]["details"][0]["target"]) == (400, "proxyAddresses")
    assert (alias.status_code, kind_of(alias)) == (400, "ProxyAddressExistsException")


def test_a_restore_is_refused_when_the_name_is_anothers_by_now(ask: Asking) -> None:
    user = ask.person("a")
    ask.graph("DELETE", f"/users/{user}")
    ask.person("a")
    answer = ask.graph("POST", f"/directory/deletedItems/{user}/restore")
    assert (answer.status_code, answer.json()["error"]["details"][0]["code"]) == (400, "ObjectConflict")


def test_after_thirty_days_user_and_mailbox_are_gone_and_the_addresses_free(ask: Asking) -> None:
    ask.tenant.set_clock(NOW)
    user = ask.licensed("a")
    ask.graph("DELETE", f"/users/{user}")
    ask.tenant.set_clock(NOW + timedelta(days=30))
    assert ask.graph("GET", f"/directory/deletedItems/{user}").status_code == 200
    ask.tenant.set_clock(NOW + timedelta(days=30, seconds=1))
    assert ask.graph("POST", f"/directory/deletedItems/{user}/restore").status_code == 404
    assert ask.rows("Get-Mailbox", SoftDeletedMailbox=True) == []
    assert ask.mailbox(ask.licensed("a"))["PrimarySmtpAddress"] == "a@nexus.ox.ac.uk"


def test_a_mailbox_on_hold_is_not_purged(ask: Asking) -> None:
    ask.tenant.set_clock(NOW)
    user = ask.licensed("a")
    ask.exchange("Set-Mailbox", Identity=user, LitigationHoldEnabled=True)
    ask.graph("DELETE", f"/users/{user}")
    ask.tenant.set_clock(NOW + timedelta(days=90))
    assert len(ask.rows("Get-Mailbox", SoftDeletedMailbox=True)) == 1
    refused = ask.exchange("Remove-Mailbox", Identity=user, PermanentlyDelete=True)
    assert (refused.status_code, kind_of(refused)) == (400, "InvalidOperationException")


def test_no_application_purges_a_user_through_graph(ask: Asking) -> None:
    user = ask.person("a")
    ask.graph("DELETE", f"/users/{user}")
    assert ask.graph("DELETE", f"/directory/deletedItems/{user}").status_code == 403
