"""DKIM key records: syntax, strength, and whether the key was revoked (R86, R87; RFC 6376 section 3.6.1, RFC 8301)."""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as BadBase64
from collections.abc import Iterable

from nexusops.model.dns import Ask, Question
from nexusops.model.dns_report import DkimKey
from nexusops.model.dns_spf import Note, note
from nexusops.rules.mailauth.tags import BadTags, tags_of

LEAST_BITS, GOOD_BITS = 1024, 2048
_INTEGER, _BITS, _SEQUENCE = 0x02, 0x03, 0x30
_RSA = bytes.fromhex("06092a864886f70d010101")
"""rsaEncryption, as DER (RFC 8017 appendix A.1)."""


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
            notes.append(note("DNS_UNKNOWN", f"{name} TXT could not be looked up: {answer.message}", domain))
        elif len(answer.values) > 1:
            notes.append(
                note("DKIM_SYNTAX", f"{name} has {len(answer.values)} TXT records; one key may be there", domain)
            )
        else:
            key, found = judged(selector, answer.values[0], domain)
            keys += [key] if key else []
            notes += found
    if complete and not keys and not notes:
        tried = ", ".join(selectors) or "no selector"
        notes.append(note("NO_DKIM", f"no DKIM key was found ({tried}); mail cannot be signed", domain))
    return tuple(keys), notes


def judged(selector: str, text: str, domain: str) -> tuple[DkimKey | None, list[Note]]:
    """One key record."""
    name = f"{selector}._domainkey.{domain}"
    try:
        tags = tags_of(text)
        algorithm, bits = _key(tags)
    except (BadTags, BadBase64, ValueError) as error:
        return None, [note("DKIM_SYNTAX", f"{name} is no DKIM key: {error}", domain)]
    key = DkimKey(
        selector=selector,
        algorithm=algorithm,
        bits=bits,
        testing="y" in _words(tags.get("t", "")),
        revoked=not tags["p"],
    )
    return key, [note(code, f"{name}: {message}", domain) for code, message in _faults(key)]


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
    if "h" in tags and "sha256" not in _words(tags["h"]):
        raise BadTags("h= must allow sha256")
    if not {"*", "email"} & _words(tags.get("s", "*")):
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


def _words(text: str) -> set[str]:
    """The parts of a list with colons, between which white space may stand."""
    return set(re.split(r"\s*:\s*", text))


def _modulus(octets: bytes) -> int:
    """Of a SubjectPublicKeyInfo, or of a bare RSAPublicKey (RFC 8017 appendix A.1.1). Raises ValueError."""
    body = _only(octets, _SEQUENCE)
    if body[:1] == bytes([_SEQUENCE]):
        algorithm, rest = _value(body, _SEQUENCE)
        if not algorithm.startswith(_RSA):
            raise ValueError("p= holds a key of another kind than RSA")
        body = _only(_only(rest, _BITS)[1:], _SEQUENCE)
    modulus, rest = _value(body, _INTEGER)
    if int.from_bytes(_only(rest, _INTEGER), "big") < 3:
        raise ValueError("p= holds no RSA key")
    return int.from_bytes(modulus, "big")


def _only(octets: bytes, tag: int) -> bytes:
    """One DER value of this tag, behind which nothing stands."""
    value, rest = _value(octets, tag)
    if rest:
        raise ValueError("behind the key in p= something else stands")
    return value


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
