"""Users: list, read, create, change, revoke sessions (tenant-api.md 4.1, 4.3, 4.5)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from nexusops.emulator import mailboxes
from nexusops.emulator.accounts import (
    EVERYTHING,
    LISTS,
    accepted,
    find_user,
    hidden,
    hold_addresses,
    primary_of,
    put_user,
    smtp_of,
    taken,
)  # fmt: skip
from nexusops.emulator.birth import INITIAL_DOMAIN
from nexusops.emulator.book import Object, new_id
from nexusops.emulator.graph import filters, odata, properties, queries
from nexusops.emulator.schema import INDEXED
from nexusops.emulator.wire import Answer, Call, bad_request, conflict, denied, refused

_UPN = re.compile(r"(?!\.)[A-Za-z0-9'.\-_!#^~]{1,64}(?<!\.)@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")


def list_users(call: Call) -> Answer:
    """``GET /users``: a page, and a nextLink while there are more."""
    return Answer(200, page_of_users(call, "/users", deleted=False))


def page_of_users(call: Call, path: str, *, deleted: bool) -> Object:
    odata.check_options(call, queries.OPTIONS)
    default = (*properties.DEFAULT, "deletedDateTime") if deleted else properties.DEFAULT
    names = _selected(call, default)
    if "mailboxSettings" in names or properties.ON_A_SINGLE_USER & set(names):
        raise refused(501, "NotImplemented", "This operation target is not yet supported.")
    question = queries.asked(call, _spelt(), properties.fits_filter)

    def found(after: str, count: int) -> Iterable[Object]:
        return _page(call, question.chosen, deleted=deleted, after=after, count=count)

    users, following = queries.page(call, question, found)
    body: Object = {"@odata.context": odata.context(call, odata.selected(call, "users", names))}
    if odata.counting(call) and "$skiptoken" not in call.query:
        body["@odata.count"] = _count(call, question.chosen, deleted=deleted)
    if following:
        body["@odata.nextLink"] = odata.next_link(call, path, following)
    body["value"] = [show(call, user, names) for user in users]
    return body


def count_users(call: Call) -> Answer:
    """``GET /users/$count``."""
    return queries.number(call, lambda question: _count(call, question.chosen, deleted=False), _spelt())


def _spelt() -> Callable[[str], str]:
    return queries.clause("user", properties.KNOWN, properties.EXTENSION)


def _selected(call: Call, default: Iterable[str] = properties.DEFAULT) -> list[str]:
    return odata.select_of(call, "user", properties.KNOWN, default, extensions=properties.EXTENSION)


def show(call: Call, user: Object, names: list[str]) -> Object:
    """The properties asked for; lists are never null, and User.ReadBasic.All alone sees little."""
    shown = {name: ([] if name in LISTS else None) if (v := user.get(name)) is None else v for name in names}
    if "identities" in shown and not user.get("identities"):
        issued = {"issuer": INITIAL_DOMAIN, "issuerAssignedId": user["userPrincipalName"]}
        shown["identities"] = [{"signInType": "userPrincipalName", **issued}]
    if "User.ReadBasic.All" in call.roles and not any(
        r.startswith(("User.Read", "Directory.Read")) and r != "User.ReadBasic.All" for r in call.roles
    ):
        return {name: value for name, value in shown.items() if name in properties.READABLE_BY_BASIC}
    return shown


def _page(call: Call, chosen: filters.Filter | None, *, deleted: bool, after: str, count: int) -> list[Object]:
    unseen = hidden(call, "user")
    if chosen is None:
        rows = call.book.page("user", deleted=deleted, after=after, count=count + len(unseen) if count >= 0 else -1)
        return [user for user in rows if user["id"] not in unseen][: count if count >= 0 else None]
    found: list[Object] = []
    for user in _candidates(call, chosen, deleted=deleted, after=after):
        if user["id"] > after and user["id"] not in unseen and chosen.test(user):
            found.append(user)
            if len(found) == count:
                break
    return found


def _candidates(call: Call, chosen: filters.Filter, *, deleted: bool, after: str) -> Iterator[Object]:
    """The users that the filter may hold for, in the order of their ids: by index where there is one."""
    book = call.book
    if chosen.keys is None or any(name not in (*INDEXED["user"], "id", "proxyAddresses") for name, _ in chosen.keys):
        yield from book.page("user", deleted=deleted, after=after)
        return
    found: dict[str, Object] = {}
    for name, value in chosen.keys:
        if name in ("id", "proxyAddresses"):
            object_id = value if name == "id" else book.holder(value.partition(":")[2] or value)
            user = book.get("user", object_id or "")
            if user is not None:
                found[user["id"]] = user
        else:
            found |= {user["id"]: user for user in book.find("user", name, value)}
    yield from (found[i] for i in sorted(found) if bool(found[i].get("deletedDateTime")) is deleted)


def _count(call: Call, chosen: filters.Filter | None, *, deleted: bool) -> int:
    if chosen is None:
        return call.book.count("user", deleted=deleted)
    return sum(1 for user in _candidates(call, chosen, deleted=deleted, after="") if chosen.test(user))


def get_user(call: Call, key: str) -> Answer:
    """``GET /users/{id | userPrincipalName}``."""
    odata.check_options(call, {"$select", "$expand"})
    odata.check_expanded(call, "user", properties.NAVIGATION)
    names = _selected(call)
    user = find_user(call, key)
    fragment = odata.selected(call, "users", names) + "/$entity"
    shown = show(call, user, names)
    if "mailboxSettings" in names:
        from nexusops.emulator.graph.mailbox_settings import settings_of

        shown["mailboxSettings"] = settings_of(call, user)
    return Answer(200, {"@odata.context": odata.context(call, fragment), **shown})


def create_user(call: Call) -> Answer:
    """``POST /users``: 201 with the default properties."""
    body = properties.checked(call.body)
    for name in properties.REQUIRED:
        if body.get(name) in (None, ""):
            raise bad_request(
                f"A value is required for property '{name}' of resource 'User'.",
                details=[{"code": "MissingValue", "message": "A value is required.", "target": name}],
            )
    password = body.pop("passwordProfile").get("password")
    if not isinstance(password, str) or not 8 <= len(password) <= 256:
        text = "The specified password does not comply with password complexity requirements."
        raise bad_request(text, details=[{"code": "InvalidValue", "message": text, "target": "passwordProfile"}])
    check_upn(call, body["userPrincipalName"])
    user: Object = {
        **{name: [] for name in LISTS},
        **{name: value for name, value in body.items() if value is not None},
        "id": new_id(),
        "createdDateTime": call.stamp,
        "signInSessionsValidFromDateTime": call.stamp,
        "lastPasswordChangeDateTime": call.stamp,
        "userType": body.get("userType") or "Member",
    }
    user = _with_mail(call, user, body.get("mail"))
    put_user(call.book, user, mark=EVERYTHING)
    hold_addresses(call.book, user)
    _lag(call, user["id"])
    headers = {"Location": f"{call.origin}/v1.0/users/{user['id']}"}
    shown = show(call, user, list(properties.DEFAULT))
    return Answer(201, {"@odata.context": odata.context(call, "users/$entity"), **shown}, headers)


def _lag(call: Call, user_id: str) -> None:
    if call.lag:
        call.used.add("lag")
        call.book.wait("user", user_id, call.lag)


def check_upn(call: Call, upn: str, own_id: str = "") -> None:
    """Raises the refusal of a name that is malformed, of a domain that is not verified, or taken."""
    if not _UPN.fullmatch(upn):
        raise properties.invalid("userPrincipalName")
    if not accepted(call.book, upn.partition("@")[2]):
        text = (
            "The domain portion of the userPrincipalName property is invalid. "
            "You must use one of the verified domain names in your organization."
        )
        raise bad_request(text, details=[{"code": "InvalidValue", "message": text, "target": "userPrincipalName"}])
    if any(user["id"] != own_id for user in call.book.find("user", "userPrincipalName", upn)):
        raise conflict("userPrincipalName")
    if taken(call.book, upn, own_id):
        raise conflict("proxyAddresses")


def change_user(call: Call, key: str) -> Answer:
    """``PATCH /users/{id}``: 204. Only what is in the body changes; null clears."""
    body = properties.checked(call.body)
    if not call.roles & {"User.ReadWrite.All", "Directory.ReadWrite.All"}:
        if set(body) != {"accountEnabled"} or "User.Read.All" not in call.roles:
            raise denied()
    before = find_user(call, key)
    _refuse_protected(before, set(body))
    body.pop("passwordProfile", None)
    if "userPrincipalName" in body:
        check_upn(call, body["userPrincipalName"], before["id"])
    after = {**before, **body}
    if "mail" in body:
        after = _with_mail(call, after, body["mail"])
    _write_through(call, before, after)
    if {"userPrincipalName", "mail"} & set(body):
        hold_addresses(call.book, after)
    return Answer(204)


def _write_through(call: Call, before: Object, after: Object) -> None:
    """A mailbox follows its user's display name, nickname and mail (4.7)."""
    mailbox = call.book.get("mailbox", after["id"])
    if mailbox is None:
        put_user(call.book, after, before)
        return
    changed = {**mailbox, "DisplayName": after["displayName"], "EmailAddresses": after["proxyAddresses"]}
    if before["mailNickname"] != after["mailNickname"]:
        changed["Alias"] = after["mailNickname"]
    mailboxes.write(call.book, after, changed, before)


def _refuse_protected(user: Object, names: set[str]) -> None:
    if user.get("_privileged") and names & properties.SENSITIVE:
        raise denied()
    if user.get("onPremisesSyncEnabled") and names & properties.MASTERED_ON_PREMISES:
        raise bad_request(
            "Unable to update the specified properties for on-premises mastered Directory Sync objects or objects "
            "currently undergoing migration."
        )


def _with_mail(call: Call, user: Object, mail: Any) -> Object:
    """Setting ``mail`` makes the address the primary one (4.7); raises ObjectConflict where it is another's."""
    if not mail or not accepted(call.book, mail.partition("@")[2]):
        return user
    if taken(call.book, mail, user["id"]):
        raise conflict("proxyAddresses")
    if primary_of(user["proxyAddresses"]) == mail:
        return user
    rest = [f"smtp:{a}" for a in smtp_of(user["proxyAddresses"]) if a.lower() != mail.lower()]
    others = [a for a in user["proxyAddresses"] if not a.lower().startswith("smtp:")]
    return {**user, "proxyAddresses": [f"SMTP:{mail}", *rest, *others]}


def revoke_sessions(call: Call, key: str) -> Answer:
    """``POST /users/{id}/revokeSignInSessions``: 200 ``{"value": true}`` (4.5)."""
    user = find_user(call, key)
    put_user(call.book, {**user, "signInSessionsValidFromDateTime": call.stamp}, user)
    return Answer(200, {"@odata.context": odata.context(call, "Edm.Boolean"), "value": True})
