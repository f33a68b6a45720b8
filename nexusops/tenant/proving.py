"""The proof of least privilege, and the trial of one product (R61-R64; tenant-api.md 4.10-4.14).

Nothing is written: what a product may do is asked of Exchange, and tried with a message that has no recipient, or with
a sign-in alone. Only the trial sends a message, to the product's own mailbox unless another address is named.
"""

from __future__ import annotations

from collections.abc import Iterator
from email.message import EmailMessage
from typing import Any

from nexusops.model.changes import GrantAccess, OnMailbox, Why
from nexusops.model.mailboxes import MailboxKind
from nexusops.model.services import Check, Connection, Product, SignIn
from nexusops.tenant.access import roles_of
from nexusops.tenant.acting import Site
from nexusops.tenant.applications import Application, Applications, Principal, unique_name
from nexusops.tenant.doors import Doors, send_mail, submitted, token
from nexusops.tenant.faults import CredentialFault, TenantFault

EMPTY: dict[str, Any] = {"subject": "nexusops: a probe that cannot be sent", "toRecipients": []}


async def examined(site: Site, product: Product) -> list[Check]:
    """What Entra and Exchange say of the mailbox, of its application, and of its right here and elsewhere."""
    checks: list[Check] = []
    row = await site.exchange.mailbox(site.identity(_on(product)))
    kind = f"{row.recipient_type_details} {row.primary}" if row is not None else "there is none"
    fits = row is not None and row.primary == product.address
    checks.append(Check(name=f"mailbox {product.mailbox} has the address {product.address}", passed=fits, seen=kind))
    applications = Applications(site)
    app = await applications.find(unique_name(product.mailbox))
    principal = await applications.principal(app) if app is not None else None
    seen = app.app_id if app is not None and principal is not None else "there is none"
    checks.append(Check(name="its application is there", passed=principal is not None, seen=seen))
    if app is None or principal is None or row is None:
        return checks
    checks.append(await _no_consent(applications, principal))
    checks.append(await _right(site, product, principal, row.guid, here=True))
    checks.append(await _right(site, product, principal, product.other, here=False))
    checks.append(await _submission(site, product, row.guid))
    checks.append(_credential(app))
    return checks


async def _no_consent(applications: Applications, principal: Principal) -> Check:
    held = await applications.consented(principal)
    name = "it has no permission for the whole tenant"
    return Check(name=name, passed=held == 0, seen=f"{held} consented in Entra")


async def _right(site: Site, product: Product, principal: Principal, resource: str, *, here: bool) -> Check:
    wanted = roles_of(_change(product))
    where = f"at its own mailbox {product.address}" if here else f"at another mailbox, {product.other}"
    name = f"allowed {where}" if here else f"refused {where}"
    try:
        rows = await site.exchange.invoke(
            "Test-ServicePrincipalAuthorization", Identity=principal.id, Resource=resource
        )
    except TenantFault as fault:
        return Check(name=name, passed=False, seen=fault.message)
    answers = {str(row.get("RoleName")): str(row.get("InScope")) for row in rows}
    seen = ", ".join(f"{role}: InScope {answer}" for role, answer in sorted(answers.items())) or "no role"
    return Check(name=name, passed=answers == dict.fromkeys(wanted, str(here)), seen=seen)


async def _submission(site: Site, product: Product, guid: str) -> Check:
    rows = await site.exchange.invoke("Get-CASMailbox", Identity=guid)
    found = rows[0].get("SmtpClientAuthenticationDisabled") if len(rows) == 1 else "unknown"
    needed = product.connection is Connection.MS_SMTP
    name = "SMTP AUTH is on for this mailbox" if needed else "SMTP AUTH is not on for this mailbox"
    seen = f"SmtpClientAuthenticationDisabled {found if found is not None else 'as the organisation has it'}"
    return Check(name=name, passed=(found is False) is needed, seen=seen)


def _credential(app: Application) -> Check:
    ends = sorted(one.ends_on for one in (*app.password_credentials, *app.key_credentials))
    secrets, certificates = len(app.password_credentials), len(app.key_credentials)
    kinds = (
        f"{secrets} secret{'' if secrets == 1 else 's'}, {certificates} certificate{'' if certificates == 1 else 's'}"
    )
    seen = f"{kinds}, the last until {ends[-1]}" if ends else "none"
    return Check(name="it has something to sign in with", passed=bool(ends), seen=seen)


async def probed(doors: Doors, product: Product, who: SignIn) -> list[Check]:
    """The product itself, let in at its own mailbox and refused at another; nothing can be sent by that."""
    base_url = doors.exchange_base_url if product.connection is Connection.MS_SMTP else doors.graph_base_url
    try:
        bearer = await token(doors, who, base_url)
    except CredentialFault as fault:
        return [Check(name="it signs in", passed=False, seen=fault.message)]
    checks = []
    for mailbox, here in ((product.address, True), (product.other, False)):
        word = "let in at its own mailbox" if here else "turned away at another mailbox"
        if product.connection is Connection.MS_SMTP:
            (_, code, text), *_ = submitted(doors, bearer, mailbox, None)
            passed, seen = (code == 235) is here and code != 0, f"{code} {text}"
        else:
            code, text = await send_mail(doors, bearer, mailbox, EMPTY)
            passed, seen = code == (400 if here else 403), f"{code} {text}"
        checks.append(Check(name=f"the product itself is {word} {mailbox}", passed=passed, seen=seen))
    return checks


async def tried(doors: Doors, product: Product, who: SignIn, to: str) -> list[Check]:
    """Token, then a real message as the product would send it."""
    smtp = product.connection is Connection.MS_SMTP
    try:
        bearer = await token(doors, who, doors.exchange_base_url if smtp else doors.graph_base_url)
    except CredentialFault as fault:
        return [Check(name="token", passed=False, seen=fault.message)]
    checks = [Check(name="token", passed=True, seen=f"the application {who.client_id} has one")]
    if smtp:
        checks += _dialogue(doors, bearer, product, to)
    else:
        message = {
            "subject": f"nexusops: a test of {product.mailbox}",
            "body": {"contentType": "Text", "content": f"{product.mailbox} can send mail."},
            "toRecipients": [{"emailAddress": {"address": to}}],
        }
        code, text = await send_mail(doors, bearer, product.address, message)
        checks.append(Check(name=f"sendMail to {to}", passed=code == 202, seen=f"{code} {text}"))
    return checks


def _dialogue(doors: Doors, bearer: str, product: Product, to: str) -> Iterator[Check]:
    message = EmailMessage()
    message["From"], message["To"] = product.address, to
    message["Subject"] = f"nexusops: a test of {product.mailbox}"
    message.set_content(f"{product.mailbox} can send mail.\n")
    for command, code, text in submitted(doors, bearer, product.address, message):
        yield Check(name=command, passed=code in (235, 250, 251), seen=f"{code} {text}")


def _on(product: Product) -> OnMailbox:
    return OnMailbox(
        name=product.mailbox,
        key=product.key,
        kind=MailboxKind.SAAS,
        user_id=product.user_id,
        exchange_guid=product.exchange_guid,
    )


def _change(product: Product) -> GrantAccess:
    why = Why(subject=product.mailbox, rule="R61", because="")
    return GrantAccess(mailbox=_on(product), why=why, connection=product.connection.value, receives=product.receives)
