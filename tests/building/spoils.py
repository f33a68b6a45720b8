"""Answers of a tenant as they should never come: torn, mistyped, endless, in another alphabet, of another status."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from building.spoiled import Answered, Spoil

SCRAPS = (b"", b"\x00", b"\x00" * 64, b"\xff\xfe", b"\xc3", b"<html>", b"null", b"0", b"[]", b"{}", b'"', b"9" * 400)
DEEP = 20_000
TYPES: tuple[Any, ...] = (True, -1, 1.5, 10**30, "", "x\x00", [], [None], [{}], {}, {"a": [0]}, [[["a"]]])
STATUSES = (200, 201, 204, 206, 301, 302, 304, 400, 401, 403, 404, 405, 409, 410, 412, 418, 429, 500, 503, 599)
HEADERS = (
    {"content_type": "text/html"},
    {"content_type": "application/json; charset=utf-16"},
    {"content_type": "\xff"},
    {"content_encoding": "gzip"},
    {"content_encoding": "br"},
    {"retry_after": "-1"},
    {"retry_after": "soon"},
    {"retry_after": "9" * 400},
    {"retry_after": "Wed, 99 Xxx 9999 99:99:99 GMT"},
    {"www_authenticate": 'Bearer claims="%%%"'},
    {"www_authenticate": 'Bearer claims="/w=="'},
    {"date": "yesterday"},
    {"location": "https://elsewhere.example/"},
    {"location": "http://["},
    {"request_id": "\x80" * 300},
)


def torn() -> st.SearchStrategy[Spoil]:
    """A part cut out, doubled, or replaced by a scrap."""

    def spoil(start: float, size: int, scrap: bytes, doubled: bool) -> Spoil:
        def tear(answer: Answered) -> Answered:
            body = answer.body
            at = int(start * len(body))
            part = body[at : at + size]
            return answer.saying(_illegible(body[:at] + (part * 2 if doubled else scrap) + body[at + size :]))

        return tear

    part = st.floats(0, 1)
    return st.builds(
        spoil,
        part,
        st.sampled_from([0, 1, 2, 20, 200, 10**6]),
        st.sampled_from(SCRAPS) | st.binary(max_size=6),
        st.booleans(),
    )


def _illegible(body: bytes) -> bytes:
    """What can still be read would be a lie, and nobody can tell a lie from an answer."""
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return body
    return body + b"}"


def mistyped() -> st.SearchStrategy[Spoil]:
    """One value of the JSON, however deep, is of another type than it was."""

    def spoil(which: float, becomes: Any) -> Spoil:
        def mistype(answer: Answered) -> Answered:
            try:
                document = json.loads(answer.body)
            except ValueError:
                return answer.saying(json.dumps(becomes).encode())
            places = list(_places(document, ()))
            place = places[min(int(which * len(places)), len(places) - 1)]
            return answer.saying(json.dumps(_with(document, place, becomes)).encode())

        return mistype

    return st.builds(spoil, st.floats(0, 1), st.sampled_from(TYPES))


def _places(value: Any, at: tuple[Any, ...]) -> Any:
    yield at
    if isinstance(value, dict | list):
        for key, part in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _places(part, (*at, key))


def _with(document: Any, place: tuple[Any, ...], becomes: Any) -> Any:
    """The document with this value there; its own type gets a list around it, so that it never stays what it was."""
    if place:
        inner = document[place[0]]
        document[place[0]] = _with(inner, place[1:], becomes)
        return document
    return [document] if isinstance(becomes, type(document)) or becomes == document else becomes


def endless() -> st.SearchStrategy[Spoil]:
    """Deeper or longer than anything that was meant."""
    bodies = (
        b"[" * DEEP,
        b'{"value":' * DEEP,
        b'{"value": ' + b"[" * DEEP + b"]" * DEEP + b"}",
        b'{"error":' * DEEP + b"0" + b"}" * DEEP,
        b'{"value": [' + b"{}," * 200_000 + b"{}]}",
        b'{"error": {"message": "' + b"x" * 2_000_000 + b'"}}',
        b" " * 4_000_000,
    )
    return st.builds(
        lambda body, status: saying(status, body), st.sampled_from(bodies), st.sampled_from((200, 400, 503))
    )


def saying(status: int, body: bytes) -> Spoil:
    def spoil(answer: Answered) -> Answered:
        return _of_status(answer.saying(body), status)

    return spoil


def _of_status(answer: Answered, status: int) -> Answered:
    if status in (204, 304):
        headers = {name: value for name, value in answer.headers.items() if name != b"content-length"}
        return replace(answer, status=status, body=b"", headers=headers)
    return replace(answer, status=status)


def in_another_alphabet() -> st.SearchStrategy[Spoil]:
    def spoil(charset: str, told: bool) -> Spoil:
        def recode(answer: Answered) -> Answered:
            content = answer.body.decode("utf-8", "replace").encode(charset, "replace")
            return answer.saying(content, **({"content_type": f"application/json; charset={charset}"} if told else {}))

        return recode

    charset = st.sampled_from(["utf-16", "utf-16-be", "utf-32", "cp037", "utf-7", "utf-8-sig"])
    return st.builds(spoil, charset, st.booleans())


def of_another_status() -> st.SearchStrategy[Spoil]:
    """With the body that it had, with an error whose parts are mistyped, or with headers that nobody understands."""

    def spoil(status: int, error: Any, headers: dict[str, str], kept: bool) -> Spoil:
        def restate(answer: Answered) -> Answered:
            body = answer.body if kept else json.dumps(error).encode()
            return _of_status(answer.saying(body, **headers), status)

        return restate

    part = st.sampled_from(TYPES)
    inner = st.fixed_dictionaries(
        {},
        optional={"code": part, "message": part, "details": part, "innerError": part, "innererror": part},
    )
    error = st.fixed_dictionaries({"error": inner | part}) | part
    # Raw latin-1: what no header should hold is sent as it is.
    return st.builds(spoil, st.sampled_from(STATUSES), error, st.sampled_from(({}, *HEADERS)), st.booleans())


def cut_off() -> st.SearchStrategy[Spoil]:
    """The connection ends in the middle of the body, or before it."""

    def spoil(part: float) -> Spoil:
        return lambda answer: replace(answer, body=answer.body[: int(part * len(answer.body))], cut=True)

    return st.builds(spoil, st.floats(0, 0.99))


def unreadable() -> st.SearchStrategy[Spoil]:
    """What nobody can take for an answer to the question."""
    return torn() | mistyped() | endless() | in_another_alphabet() | cut_off()


def any_spoil() -> st.SearchStrategy[Spoil]:
    return unreadable() | of_another_status()
