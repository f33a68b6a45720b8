"""Answers that Microsoft documents, or that others captured from real tenants, and what becomes of a step by them.

cassettes/documentation holds them with their sources: written by hand, since nobody lends us such refusals.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from building.embedded import ADA_ID, SETTINGS, WHY, Slept, creation, person
from building.outcomes import outcomes_of

from nexusops.model.changes import AddAddress, Change, DisableMailbox, SetSender
from nexusops.model.journal import Step
from nexusops.tenant.cassettes import Player
from nexusops.tenant.exchange import Exchange
from nexusops.tenant.faults import TenantFault
from nexusops.tenant.graph import Graph
from nexusops.tenant.live import LiveTenant
from nexusops.tenant.transport import Retry

FOLDER = Path(__file__).resolve().parents[2] / "cassettes" / "documentation"
TENANT_ID = "00000000-0000-0000-0000-000000000001"
USER_ID = "5b31c38c-2584-42f0-aa47-657fb3a84230"
GUID = "6775efce-0000-4000-8000-000000000001"
NEW = AddAddress(mailbox=person(user_id=USER_ID, exchange_guid=GUID), why=WHY, address="ada.byron@ox.ac.uk")
SENDER = SetSender(mailbox=NEW.mailbox, why=WHY, was="c@lvin.example", becomes="ada.byron@ox.ac.uk")
BLOCK = DisableMailbox(mailbox=NEW.mailbox, why=WHY)
Told = tuple[str, str]


class Credential:
    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        return AccessToken("unused", 4102444800)


class Listener:
    """A tenant that answers from a cassette, and a sleep that takes no time."""

    def __init__(self, slot: Any) -> None:
        self.slept = Slept()
        retry = Retry(sleep=self.slept, chance=lambda: 0.0)

        def make() -> tuple[Graph, Exchange]:
            exchange = Exchange("https://outlook.office365.com", TENANT_ID, lambda _: "unused", retry, transport=slot)
            return Graph("https://graph.microsoft.com/v1.0", Credential(), retry, transport=slot), exchange

        self.tenant = LiveTenant(make, SETTINGS, sleep=self.slept)


def step(name: str, change: Change) -> Callable[[LiveTenant], list[Told]]:
    def carried_out(tenant: LiveTenant) -> list[Told]:
        steps = [Step(change_id="c1", name=name, change=change)]
        return [(outcome.result.value, outcome.message) for outcome in outcomes_of(tenant, steps)]

    return carried_out


def two_people(tenant: LiveTenant) -> list[Told]:
    """Looked for together: the second one's answer stands, the first one is asked for again."""
    both = [person(), person("abcd0009", "7654321")]
    steps = [Step(change_id=f"c{n}", name="user", change=creation(on)) for n, on in enumerate(both)]
    first, second = sorted(outcomes_of(tenant, steps), key=lambda outcome: outcome.change_id)
    assert (second.result.value, second.message) == ("set_aside", HUMAN + "2 users carry the employeeId 7654321")
    return [(first.result.value, first.message)]


def mail(tenant: LiveTenant) -> list[Told]:
    message = {
        "subject": "Your mailbox",
        "body": {"contentType": "text", "content": "…"},
        "toRecipients": [{"emailAddress": {"address": "x.@gmail.com"}}],
    }
    try:
        tenant.send_mail("noreply@x.ac.uk", message)
    except TenantFault as fault:
        return [(fault.fault.value, fault.message)]
    return [("accepted", "")]


def sent(method: str, path: str, body: Any = None) -> Callable[[LiveTenant], list[Told]]:
    """One request of Graph, below all steps: what its refusal means."""

    def asked(tenant: LiveTenant) -> list[Told]:
        try:
            tenant._run(tenant._graph.send(method, path, body))
        except TenantFault as fault:
            return [(fault.fault.value, fault.message)]
        return [("answered", "")]

    return asked


@dataclass(frozen=True, slots=True)
class Story:
    """What is asked, what becomes of it, in which words, and how long was waited for it."""

    ask: Callable[[LiveTenant], list[Told]]
    result: str
    message: str = ""
    slept: tuple[float, ...] = ()


HUMAN = "needs a human: "
STORIES: dict[str, Story] = {
    "address_taken": Story(
        step("add", NEW),
        "set_aside",
        HUMAN + 'The proxy address "SMTP:alias@x.ac.uk" is already being used by the proxy addresses or '
        'LegacyExchangeDN of "Jane Doe". Please choose another proxy address.',
    ),
    "synced_from_on_premises": Story(
        step("add", NEW),
        "set_aside",
        HUMAN + f"The operation on mailbox \"{GUID}\" failed because it's out of the current user's write scope. The "
        f"action 'Set-Mailbox', 'EmailAddresses', can't be performed on the object '{GUID}' because the object is "
        "being synchronized from your on-premises organization. This action should be performed on the object in your "
        "on-premises organization.",
    ),
    "too_many_addresses": Story(
        step("add", NEW),
        "set_aside",
        HUMAN + "An Azure Active Directory call was made to keep object in sync between Azure Active Directory and "
        "Exchange Online. However, it failed. Detailed error message: This request results in the user having 334 "
        "proxy addresses. The maximum number of proxy addresses permitted is 333. DualWrite (Graph) RequestId: … The "
        "issue may be transient and please retry a couple of minutes later.",
    ),
    "throttled_by_exchange": Story(step("add", NEW), "done", slept=(0.5,)),
    "no_role_in_exchange": Story(
        step("add", NEW), "failed", "Exchange refuses the application (403): it has no role for this cmdlet"
    ),
    "no_permission_for_exchange": Story(
        step("add", NEW),
        "failed",
        "Exchange refuses the token (401): the application lacks the permission Exchange.ManageAsApp",
    ),
    "no_such_mailbox": Story(step("add", NEW), "failed", "Exchange has no mailbox abcd0001"),
    "unknown_parameter": Story(
        step("add", NEW),
        "failed",
        "Parameter set cannot be resolved … Invalid cmdlet parameters specified. BogusParameter",
    ),
    "other_kinds_of_address_stay": Story(step("primary", SENDER), "done"),
    "privileged_user": Story(
        step("block", BLOCK),
        "set_aside",
        HUMAN + "Authorization_RequestDenied: Insufficient privileges to complete the operation.",
    ),
    "throttled_by_graph": Story(step("block", BLOCK), "done", slept=(10.0,)),
    "no_licence_left": Story(
        step("licence", creation(NEW.mailbox)),
        "set_aside",
        HUMAN + "Request_BadRequest: Subscription with SKU c42b9cae-ea4f-4ab7-9717-81576235ccac does not have any "
        "available licenses.",
    ),
    "name_taken": Story(
        step("user", creation(person())), "set_aside", HUMAN + f"abcd0001@nexus.ox.ac.uk is another user ({USER_ID})"
    ),
    "part_of_a_batch_throttled": Story(
        two_people, "set_aside", HUMAN + f"2 users carry the employeeId {ADA_ID}", (8.0,)
    ),
    "unknown_recipient": Story(
        mail,
        "refused",
        "ErrorInvalidRecipients: At least one recipient is not valid., Recipient 'x.@gmail.com' is not resolved. All "
        "recipients must be resolved before a message can be submitted.",
    ),
    "outside_the_applications_scope": Story(mail, "auth", "ErrorAccessDenied: Access to OData is disabled."),
    "sender_without_a_mailbox": Story(
        mail,
        "not_found",
        "MailboxNotEnabledForRESTAPI: The mailbox is either inactive, soft-deleted, or is hosted on-premise.",
    ),
}


TAKEN = "Another object with the same value for property proxyAddresses already exists."
USER = f"/users/{USER_ID}"
GRANT = {"principalId": USER_ID, "resourceId": USER_ID, "appRoleId": USER_ID}
STORIES |= {
    "sender_throttled": Story(mail, "accepted", slept=(4.0,)),
    "sending_as_another": Story(
        mail,
        "auth",
        "ErrorSendAsDenied: The user account which was used to submit this request does not have the right to send "
        "mail on behalf of the specified sending account., Cannot submit message.",
    ),
    "outside_the_role_scope": Story(
        mail, "auth", "ErrorAccessDenied: Access is denied. Check credentials and try again."
    ),
    "mailbox_of_older_days": Story(
        mail, "not_found", "MailboxNotEnabledForRESTAPI: REST API is not yet supported for this mailbox."
    ),
    "broken_mime": Story(
        mail, "refused", "ErrorMimeContentInvalidBase64String: Invalid base64 string for MIME content."
    ),
    "address_taken_in_the_directory": Story(
        sent("PATCH", USER, {"mail": "ada.byron@ox.ac.uk"}), "conflict", f"Request_BadRequest: {TAKEN}"
    ),
    "addresses_are_read_only": Story(
        sent("PATCH", USER, {"proxyAddresses": ["SMTP:a@ox.ac.uk"]}),
        "refused",
        "Request_BadRequest: Property 'proxyAddresses' is read-only and cannot be set.",
    ),
    "no_usage_location": Story(
        sent("POST", f"{USER}/assignLicense", {"addLicenses": [], "removeLicenses": []}),
        "no_licence",
        "Request_BadRequest: License assignment cannot be done for user with invalid usage location.",
    ),
    "invalid_property": Story(
        sent("PATCH", USER, {"userPrincipalName": "not a name"}),
        "refused",
        "Request_BadRequest: One or more properties contains invalid values.",
    ),
    "no_such_user": Story(
        sent("PATCH", USER, {"accountEnabled": False}),
        "not_found",
        f"Request_ResourceNotFound: Resource '{USER_ID}' does not exist or one of its queried reference-property "
        "objects are not present.",
    ),
    "delta_link_too_old": Story(
        sent("GET", "/users/delta?$deltatoken=old"),
        "refused",
        "syncStateNotFound: The sync state generation is not found. The delta token is expired and data must be "
        "synchronized again.",
    ),
    "counting_without_its_header": Story(
        sent("GET", "/users/$count"), "refused", "Request_BadRequest: $count is not currently supported."
    ),
    "searching_without_its_header": Story(
        sent("GET", "/users?$search=x"),
        "refused",
        "Request_UnsupportedQuery: Request with $search query parameter only works through MSGraph with a special "
        "request header: 'ConsistencyLevel: eventual'",
    ),
    "role_granted_already": Story(
        sent("POST", f"/servicePrincipals/{USER_ID}/appRoleAssignedTo", GRANT),
        "conflict",
        "Request_BadRequest: Permission being assigned already exists on the object",
    ),
    "principal_there_already": Story(
        sent("POST", "/servicePrincipals", {"appId": USER_ID}),
        "conflict",
        "Request_MultipleObjectsWithSameKeyValue: The service principal cannot be created, updated, or restored "
        f"because the service principal name {USER_ID} is already in use.",
    ),
    "token_that_ended": Story(sent("GET", USER), "answered", slept=(0.5,)),
    "token_for_another": Story(
        sent("GET", USER),
        "auth",
        "InvalidAuthenticationToken: Access token validation failure. Invalid audience.",
        slept=(0.5,),
    ),
    "page_of_the_edge": Story(sent("GET", USER), "answered", slept=(3.0,)),
    "write_lost_at_the_gateway": Story(
        sent("PATCH", USER, {"accountEnabled": False}), "unknown_outcome", "UnknownError: it says no more"
    ),
}


@pytest.mark.parametrize("name", STORIES)
def test_what_becomes_of_a_documented_answer(name: str) -> None:
    """tenant-api.md 5.3, 5.7, 7.2 and 9"""
    story = STORIES[name]
    player = Player(FOLDER / f"{name}.jsonl")
    playing = Listener(player.transport)
    assert story.ask(playing.tenant) == [(story.result, story.message)]
    assert playing.slept.seconds == list(story.slept)
    assert player.unplayed() == []
    playing.tenant.close()


def test_every_documented_answer_names_its_source() -> None:
    lines_of = {path.stem: path.read_text("utf-8").strip().split("\n") for path in FOLDER.glob("*.jsonl")}
    found = {name: [json.loads(line) for line in lines] for name, lines in lines_of.items()}
    assert set(found) == set(STORIES)
    assert {line["provenance"] for lines in found.values() for line in lines} == {"documentation"}
    assert all(line["source"] for lines in found.values() for line in lines)
