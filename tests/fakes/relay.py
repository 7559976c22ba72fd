"""A wire between a client and a server that can be cut at the worst moment."""

import contextlib
import select
import socket
import struct
import threading
from collections.abc import Callable
from urllib.parse import urlsplit, urlunsplit

Drop = Callable[[bytes], bool]
"""Given what the client sent of a request, says whether its answer is to be lost."""


class Relay:
    """Passes bytes on to a server. Answers can be lost after the server has given them; the server can be away."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._target = (parts.hostname or "127.0.0.1", parts.port or 80)
        self._listener = socket.create_server(("127.0.0.1", 0))
        port = self._listener.getsockname()[1]
        self.url = urlunsplit(parts._replace(netloc=f"127.0.0.1:{port}"))
        self.loses_answer: Drop = lambda _request: False
        self.is_away = False
        self.lost_answers = 0
        self._threads: list[threading.Thread] = []
        self._is_closed = False
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def close(self) -> None:
        self._is_closed = True
        self._listener.close()
        self._accepting.join(5)
        for thread in self._threads:
            thread.join(5)

    def _accept(self) -> None:
        while not self._is_closed:
            ready, _, _ = (
                select.select([self._listener], [], [], 0.05) if not self._is_closed else ([], [], [])
            )
            if not ready:
                continue
            with contextlib.suppress(OSError):
                client, _ = self._listener.accept()
                thread = threading.Thread(target=self._serve, args=(client,), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _serve(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError), socket.create_connection(self._target) as server:
            request = b""
            while not self._is_closed and not self.is_away:
                ready, _, _ = select.select([client, server], [], [], 0.05)
                if client in ready:
                    sent = client.recv(1 << 16)
                    if not sent:
                        return
                    request += sent[:4096]
                    server.sendall(sent)
                if server in ready:
                    answer = server.recv(1 << 16)
                    if not answer:
                        return
                    if self.loses_answer(request):
                        self.lost_answers += 1
                        _reset(client)
                        return
                    request = b""
                    client.sendall(answer)
            _reset(client)


def _reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
