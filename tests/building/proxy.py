"""A proxy as a site has one: it takes CONNECT, and knows to whom it has connected."""

from __future__ import annotations

import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Proxy(socketserver.ThreadingTCPServer):
    """``reached``: the host and port of each connection, in order."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Connecting)
        self.reached: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Connecting(socketserver.StreamRequestHandler):
    server: Proxy

    def handle(self) -> None:
        method, place, _ = self.rfile.readline().decode().split(" ", 2)
        while self.rfile.readline().strip():
            pass
        assert method == "CONNECT"
        self.server.reached.append(place)
        host, _, port = place.rpartition(":")
        with socket.create_connection((host, int(port))) as beyond:
            self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=_pour, args=(beyond, self.connection))
            back.start()
            _pour(self.connection, beyond)
            back.join()


def _pour(source: socket.socket, into: socket.socket) -> None:
    with suppress(OSError):
        while content := source.recv(65536):
            into.sendall(content)
    with suppress(OSError):
        into.shutdown(socket.SHUT_WR)


@contextmanager
def proxying() -> Iterator[Proxy]:
    with Proxy() as proxy:
        thread = threading.Thread(target=proxy.serve_forever, daemon=True)
        thread.start()
        yield proxy
        proxy.shutdown()
        thread.join()
