"""The trial and the proof of one request: what is expected, what was seen (interface.md 7; rules.md 2.4)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nexusops.errors import Refused
from nexusops.model.dns import Answer, Question
from nexusops.model.dns_spf import Verdict
from nexusops.model.ids import Address
from nexusops.model.mailboxes import Mailbox
from nexusops.model.services import ENDED, Check, Product, SendingPath, Service, SignIn
from nexusops.model.tenant import Wanted
from nexusops.pipeline.desk import Wish
from nexusops.pipeline.domains import settled
from nexusops.pipeline.inputs import Ports
from nexusops.pipeline.saas.desk import known, proved
from nexusops.ports import Resolver
from nexusops.report.services import Proof
from nexusops.report.view import number_of
from nexusops.rules.mailauth.dmarc import VERSION, same_policy
from nexusops.rules.mailauth.spf import lint


def verify(
    ports: Ports, request_id: str, wish: Wish, *, resolver: Resolver | None, other: str, sign_in: SignIn | None
) -> Proof:
    """Least privilege, or the DNS as planned; what is proved becomes live, or has its yearly review behind it.

    ``other``: a mailbox that the product must not use, by address or username; '': its owner's own. Raises Refused for
    what runs nowhere, TenantUnreadable.
    """
    row, box = _running(ports, request_id)
    if row.path is SendingPath.SERVICE_DOMAIN:
        checks = (*_records(row, resolver, ports), *_signature(row, ports))
    else:
        checks = tuple(ports.tenant().examine(_product(row, box, _another(ports, box, other), sign_in)))
    proof = Proof(request_id=request_id, path=row.path.value, state=row.state.value, checks=checks)
    if not proof.passed:
        return proof
    after = proved(ports, request_id, wish)
    return Proof(request_id=request_id, path=row.path.value, state=after.state.value, checks=checks)


def _another(ports: Ports, box: Mailbox | None, other: str) -> str:
    """A mailbox that is there: everybody's is at the fallback domain."""
    if "@" in other:
        return other
    owner = box.owner_person_id if box is not None else None
    names = (state.username for state in ports.store.owners({owner} if owner else set()))
    name = other or next(names, None)
    if not name:
        raise Refused(
            "There is no other mailbox to try: the product's has no owner.",
            next_step="Name one that it must not use with --other, then try again.",
        )
    return f"{name}@{ports.site.fallback_domain}"


def try_sending(ports: Ports, request_id: str, *, to: str, sign_in: SignIn | None) -> Proof:
    """Token, then one message. Raises Refused where there is nothing to sign in with here, or nothing to try."""
    row, box = _running(ports, request_id)
    if row.path is SendingPath.SERVICE_DOMAIN:
        raise Refused(
            f"{request_id} sends from {row.domain} by servers of its provider, so it cannot be tried from here.",
            next_step=f"Let the product send, and see the DNS with `nexusops saas verify {request_id}`.",
        )
    if sign_in is None:
        raise Refused(
            f"What the application of {request_id} signs in with is not here (any more).",
            next_step="Try it from the product itself; or put the file that was handed over back where it was, and "
            "repeat `nexusops saas test`.",
        )
    product = _product(row, box, "", sign_in)
    checks = tuple(ports.tenant().try_sending(product, to or product.address))
    return Proof(request_id=request_id, path=row.path.value, state=row.state.value, checks=checks)


def _running(ports: Ports, request_id: str) -> tuple[Service, Mailbox | None]:
    row, box = known(ports, request_id)
    made = row.granted is not None or bool(row.published)
    if row.state in ENDED or not made:
        state = row.state.value if row.state in ENDED or row.path is SendingPath.NONE else f"{row.state.value} still"
        raise Refused(f"{request_id} is {state}: there is nothing to look at.", next_step="See `nexusops saas list`.")
    return row, box


def _product(row: Service, box: Mailbox | None, other: str, sign_in: SignIn | None) -> Product:
    if box is None or row.granted is None or box.sender is None:
        raise Refused(f"{row.request_id} has no mailbox.", next_step="Make a run with `nexusops run`.")
    return Product(
        mailbox=row.request_id,
        key=box.key,
        user_id=box.user_id,
        exchange_guid=box.exchange_guid,
        address=Address(box.sender),
        connection=row.granted,
        receives=row.receives,
        other=other,
        sign_in=sign_in,
    )


def _records(row: Service, resolver: Resolver | None, ports: Ports) -> tuple[Check, ...]:
    """The answers of DNS equal the plan, and the record passes (2.4, D40)."""
    if row.domain is None or resolver is None:
        return ()
    domain = row.domain
    questions = [Question(one.name.rstrip(".").lower(), one.type) for one in row.records]
    answers = resolver.ask(questions)
    checks = [
        _record(f"{one.type} of {question.name} is {one.value}", one.value, answers[question])
        for one, question in zip(row.records, questions, strict=True)
    ]
    report = settled(resolver, lambda ask: lint(domain, ask, ports.policy.spf))
    notes = "; ".join(note.message for note in report.notes)
    seen = f"{report.verdict.value}, {number_of(report.lookups, 'look-up')}" + (f": {notes}" if notes else "")
    name = f"SPF of {domain} is valid within {ports.policy.spf.max_lookups} look-ups"
    return (*checks, Check(name=name, passed=report.verdict is Verdict.OK, seen=seen))


def _signature(row: Service, ports: Ports) -> Iterator[Check]:
    """R87: where Exchange has aliases for the domain, it signs, or will once this proof is there."""
    domain = row.domain
    told = ports.tenant().read(Wanted(signing=frozenset({domain}))).signing if domain and row.aliases else {}
    if domain is None or domain not in told:
        return
    found = told[domain]
    if found is None or not found.configured:
        yield Check(name=f"Exchange signs for {domain}", passed=False, seen="it has no signing configuration of it")
    elif row.signs:
        yield Check(name=f"Exchange signs for {domain}", passed=found.enabled, seen=f"Enabled {found.enabled}")
    else:
        seen = f"Enabled {found.enabled}" + ("" if found.enabled else "; the next run switches it on")
        yield Check(name=f"Exchange can sign for {domain}", passed=True, seen=seen)


def _record(name: str, wanted: str, answer: Answer) -> Check:
    """Beside an SPF record or a DMARC policy other TXT records may stand: receivers pass over them. The case of a DKIM
    key counts, that of a name does not.
    """
    spf, dmarc = wanted.lower().startswith("v=spf1"), VERSION.match(wanted) is not None
    values: Sequence[str] = answer.values
    if spf:
        values = [value for value in values if value.lower().startswith("v=spf1")]
    elif dmarc:
        values = [value for value in values if VERSION.match(value)]
    seen = " | ".join(values or answer.values) or (f"no answer: {answer.message}" if answer.failed else "nothing")
    return Check(name=name, passed=len(values) == 1 and _same(wanted, values[0], spf, dmarc), seen=seen)


def _same(wanted: str, value: str, spf: bool, dmarc: bool) -> bool:
    if dmarc:
        return same_policy(wanted, value)
    plain = _as_text if "=" in wanted and not spf else _as_name
    return plain(value) == plain(wanted)


def _as_text(value: str) -> str:
    return " ".join(value.split())


def _as_name(value: str) -> str:
    return _as_text(value).lower()
