"""DKIM key records: syntax, strength, and whether the key was revoked (R86, R87; RFC 6376 section 3.6.1, RFC 8301)."""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as BadBase64
from collections.abc import Iterable

from nexusops.model.dns import Ask, Question
from nexusops.model.dns_report import DkimKey
from nexusops.model.dns_spf import Note
from nexusops.rules.mailauth_tags import BadTags, tags_of

LEAST_BITS, GOOD_BITS = 1024, 2048
_INTEGER, _BITS, _SEQUENCE = 0x02, 0x03, 0x30


def keys_of(domain: str, selectors: Iterable[str], ask: Ask) -> tuple[tuple[DkimKey, ...], list[Note]]:
    """The keys of these selectors, and what is wrong with them. A selector without a record is no fault by itself."""
    keys: list[DkimKey] = []
    notes: list[Note] = []
    complete = True
    for selector in selectors:
        name = f"{selector}._domainkey.{domain}"
        answer = ask(Question(name, "TXT"))
        complete = complete and answer is not None and not answer.failed
        if answer is None or answer.void:
            continue
        if answer.failed:
            notes.append(_note("DNS_UNKNOWN", f"{name} TXT could not be looked up: {answer.message}", domain))
        elif len(answer.values) > 1:
            notes.append(
                _note("DKIM_SYNTAX", f"{name} has {len(answer.values)} TXT records; one key may be there", domain)
            )
        else:
            key, found = judged(selector, answer.values[0], domain)
            keys += [key] if key else []
            notes += found
    if complete and not keys and not notes:
        tried = ", ".join(selectors) or "no selector"
        notes.append(_note("NO_DKIM", f"no DKIM key was found ({tried}); mail cannot be signed", domain))
    return tuple(keys), notes


def judged(selector: str, text: str, domain: str) -> tuple[DkimKey | None, list[Note]]:
    """One key record."""
    name = f"{selector}._domainkey.{domain}"
    try:
        tags = tags_of(text)
        algorithm, bits = _key(tags)
    except (BadTags, BadBase64, ValueError) as error:
        return None, [_note("DKIM_SYNTAX", f"{name} is no DKIM key: {error}", domain)]
    key = DkimKey(
        selector=selector,
        algorithm=algorithm,
        bits=bits,
        testing="y" in tags.get("t", "").split(":"),
        revoked=not tags["p"],
    )
    return key, [_note(code, f"{name}: {message}", domain) for code, message in _faults(key)]


def _faults(key: DkimKey) -> Iterable[tuple[str, str]]:
    if key.revoked:
        yield "DKIM_REVOKED", "the key is revoked; what is signed with it does not pass"
    elif key.algorithm == "rsa" and key.bits < LEAST_BITS:
        yield "DKIM_WEAK_KEY", f"{key.bits} bits; receivers ignore keys under {LEAST_BITS}"
    elif key.algorithm == "rsa" and key.bits < GOOD_BITS:
        yield "DKIM_SHORT_KEY", f"{key.bits} bits; keys should have {GOOD_BITS} or more"
    if key.testing:
        yield "DKIM_TESTING", "the key says that it is only being tested (t=y)"


def _key(tags: dict[str, str]) -> tuple[str, int]:
    """Algorithm and length in bits. Raises BadTags or ValueError."""
    if "v" in tags and (next(iter(tags)) != "v" or tags["v"] != "DKIM1"):
        raise BadTags("v=DKIM1 must stand first")
    if "p" not in tags:
        raise BadTags("the key itself (p=) is missing")
    if "h" in tags and "sha256" not in tags["h"].split(":"):
        raise BadTags("h= must allow sha256")
    if not {"*", "email"} & set(re.split(r"\s*:\s*", tags.get("s", "*"))):
        raise BadTags("s= must allow email")
    algorithm = tags.get("k", "rsa")
    if algorithm not in ("rsa", "ed25519"):
        raise BadTags(f"k={algorithm} is no algorithm of DKIM")
    if not tags["p"]:
        return algorithm, 0
    octets = b64decode(re.sub(r"\s", "", tags["p"]), validate=True)
    if algorithm == "ed25519":
        if len(octets) != 32:
            raise ValueError(f"an Ed25519 key has 32 octets, this one {len(octets)}")
        return algorithm, 256
    return algorithm, _modulus(octets).bit_length()


def _modulus(octets: bytes) -> int:
    """Of a SubjectPublicKeyInfo, or of a bare RSAPublicKey (RFC 8017 appendix A.1.1). Raises ValueError."""
    body = _value(octets, _SEQUENCE)[0]
    if body[:1] == bytes([_SEQUENCE]):
        _, rest = _value(body, _SEQUENCE)
        body = _value(_value(rest, _BITS)[0][1:], _SEQUENCE)[0]
    return int.from_bytes(_value(body, _INTEGER)[0], "big")


def _value(octets: bytes, tag: int) -> tuple[bytes, bytes]:
    """One DER value of this tag, and what stands behind it."""
    if len(octets) < 2 or octets[0] != tag:
        raise ValueError("p= holds no RSA key")
    size, start = octets[1], 2
    if size & 0x80:
        start = 2 + (size & 0x7F)
        size = int.from_bytes(octets[2:start], "big")
    if len(octets) < start + size:
        raise ValueError("p= is cut off")
    return octets[start : start + size], octets[start + size :]


def _note(code: str, message: str, domain: str) -> Note:
    return Note(code=code, message=message, domain=domain)
