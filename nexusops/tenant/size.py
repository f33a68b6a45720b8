"""How large an answer may be, whoever gives it: one that goes on would take all memory before its time is up."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx

MEGABYTE = 1_000_000
MOST = 100 * MEGABYTE
"""Bytes of one answer, unpacked. A page of a thousand mailboxes with as many addresses as one may have is 30 MB."""


class TooLarge(httpx.DecodingError):
    """An answer that was not read to its end, since it is larger than any."""


async def bounded(answer: httpx.Response) -> None:
    """A hook of httpx's client, called before the body is read: from now on the body ends with TooLarge beyond MOST.

    What is packed is unpacked here, piece by piece, so that a small one cannot become a large one behind the limit.
    """
    packed = httpx.Response(answer.status_code, headers=answer.headers, stream=answer.stream)
    answer.stream = _Counted(packed)
    answer.headers.pop("content-encoding", None)


class _Counted(httpx.AsyncByteStream):
    def __init__(self, packed: httpx.Response) -> None:
        self._packed = packed

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for part in self._packed.aiter_bytes():
            size += len(part)
            if size > MOST:
                raise TooLarge(f"the answer is larger than {MOST // MEGABYTE} MB, and was not read to its end")
            yield part

    async def aclose(self) -> None:
        await self._packed.aclose()
