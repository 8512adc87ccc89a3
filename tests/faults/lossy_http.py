# SPDX-License-Identifier: GPL-3.0-or-later
"""lossy_http.py - a wire to the service that loses answers

Stands between a client and cumaed. Every n-th answer is swallowed and its
connection cut: the service has done what it was asked, the client cannot know.
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
        """Pass on requests as they come, and answers, a segment each."""
        with client, socket.create_connection(self._target) as server:
            threading.Thread(
                target=self._pass, args=(client, server), daemon=True
            ).start()
            try:
                while answer := server.recv(65536):
                    if self._lose():
                        break
                    client.sendall(answer)
            finally:
                # Closing alone would not wake the other thread.
                for end in (client, server):
                    with contextlib.suppress(OSError):
                        end.shutdown(socket.SHUT_RDWR)

    @staticmethod
    def _pass(client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):  # cut, or the client has gone
            while request := client.recv(65536):
                server.sendall(request)
            server.shutdown(socket.SHUT_WR)

    def _lose(self) -> bool:
        with self._lock:
            self._answers += 1
            lose = self._answers % self._every == 0
            self.cuts += lose
            return lose
