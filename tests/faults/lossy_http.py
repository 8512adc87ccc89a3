# SPDX-License-Identifier: GPL-3.0-or-later
"""lossy_http.py - a wire to the service that loses answers

Stands between a client and cumaed. Every n-th answer is swallowed and its
connection cut: the service has done what it was asked, the client cannot know.
While the service is away, connections end without an answer.
"""

import contextlib
import socket
import threading
from urllib.parse import urlsplit


class LossyHttp:
    """A proxy at `url`; `cuts` counts the answers that were swallowed."""

    def __init__(self, url: str, every: int):
        parts = urlsplit(url)
        self._target = (parts.hostname, parts.port)
        self._every = every
        self._answers = 0
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.cuts = 0
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(
                target=self._serve, args=(client,), daemon=True
            ).start()

    def _serve(self, client: socket.socket) -> None:
        """Pass on both ways; answers are small: a segment each."""
        with client, contextlib.suppress(OSError):
            with socket.create_connection(self._target) as server:
                for one in (client, server):
                    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                asking = threading.Thread(target=pump, args=(client, server))
                asking.start()
                with contextlib.suppress(OSError):
                    while (answer := server.recv(65536)) and not self._lose():
                        client.sendall(answer)
                hang_up(client)
                asking.join()

    def _lose(self) -> bool:
        with self._lock:
            self._answers += 1
            lose = self._answers % self._every == 0
            self.cuts += lose
            return lose


def pump(source: socket.socket, sink: socket.socket) -> None:
    """Pass on what comes until one of both hangs up."""
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    hang_up(sink)


def hang_up(one: socket.socket) -> None:
    """End a connection that another thread may still use."""
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
