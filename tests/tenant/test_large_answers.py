"""One limit to the size of any answer of the tenant: it ends with a reason, and not with all memory used up."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass

import httpx
import pytest
from building.scripted import READS, WRITES, Clients

from nexusops.model.services import SignIn
from nexusops.tenant.doors import Doors, send_mail, token
from nexusops.tenant.faults import CredentialFault, FaultClass, TenantFault, unreadable
from nexusops.tenant.size import MEGABYTE, MOST

named = pytest.mark.parametrize
SAYS = "the answer is larger than 100 MB, and was not read to its end"


@dataclass
class Endless(httpx.AsyncByteStream):
    """Goes on until nobody reads any more; then it is closed."""

    packed: bool
    given: int = 0
    closed: bool = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces():
            self.given += len(piece)
            yield piece

    def _pieces(self) -> Iterator[bytes]:
        packer = zlib.compressobj(wbits=31)
        while True:
            spaces = b" " * MEGABYTE
            yield packer.compress(spaces) + packer.flush(zlib.Z_SYNC_FLUSH) if self.packed else spaces

    async def aclose(self) -> None:
        self.closed = True


@named("packed", [False, True], ids=["plain", "gzip"])
@named(
    ("ask", "found"), [(one, FaultClass.REFUSED) for one in READS] + [(w, FaultClass.UNKNOWN_OUTCOME) for w in WRITES]
)
def test_an_answer_without_end_is_given_up_at_the_limit(
    ask: Callable[[Clients], None], found: FaultClass, packed: bool
) -> None:
    """It is not asked for again; what a write has done is looked for. A small packed one cannot be a large one."""
    stream = Endless(packed)
    answer = httpx.Response(200, headers={"Content-Encoding": "gzip"} if packed else {})
    clients = Clients(answer, stream=stream)
    with pytest.raises(TenantFault) as raised:
        ask(clients)
    assert (raised.value.fault, raised.value.message, len(clients.script.asked)) == (found, SAYS, 1)
    assert stream.closed
    assert stream.given < (MEGABYTE if packed else MOST + 2 * MEGABYTE)


def test_the_user_is_told_what_to_do() -> None:
    with pytest.raises(TenantFault) as raised:
        Clients(httpx.Response(200), stream=Endless(packed=False)).get()
    error = unreadable(raised.value)
    request_id = raised.value.request_id
    assert error.message == f"The tenant could not be read: {SAYS} (request {request_id})"
    assert error.next_step == "Run `nexusops doctor`; if all is well there, report this with the request id."


def test_a_packed_answer_within_the_limit_is_unpacked_once() -> None:
    class Packed(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            yield gzip.compress(b'{"value": [{"id": "u"}]}')

    clients = Clients(httpx.Response(200, headers={"Content-Encoding": "gzip"}), stream=Packed())
    assert [user.id for user in asyncio.run(clients.graph.users())] == ["u"]


def test_a_product_that_signs_in_and_sends_is_bound_by_the_same_limit() -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, stream=Endless(packed=False)))
    url = "https://example.org"
    doors = Doors(
        authority=url,
        graph_base_url=url,
        exchange_base_url=url,
        submission=lambda: pytest.fail("nothing is submitted"),
        tls=None,
        transport=transport,
    )
    with pytest.raises(CredentialFault, match=SAYS):
        asyncio.run(token(doors, SignIn(tenant_id="t", client_id="c", client_secret="s"), url))
    assert asyncio.run(send_mail(doors, "bearer", "a@ox.ac.uk", {})) == (0, f"no answer: {SAYS}")
