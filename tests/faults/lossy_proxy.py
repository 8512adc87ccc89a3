# SPDX-License-Identifier: GPL-3.0-or-later
"""lossy_proxy.py - a wire to PostgreSQL that breaks around a commit

Stands between cumaed and the database. After arm() the next answer that says
COMMIT is swallowed and its connection cut: the transaction is durable, and the
service cannot know it. arm(REQUEST) cuts what asks for it instead, and `keep`
chooses the byte after which the wire breaks.
"""

import socket
import threading
from typing import Optional

import psycopg

# In Parse: no name, the statement. CommandComplete: type, length, tag.
REQUEST = b"\x00COMMIT\x00"
ANSWER = b"C\x00\x00\x00\x0bCOMMIT\x00"


class LossyProxy:
    """A proxy in front of the server of a postgresql:// URL.

    url   the same database, through the proxy
    cuts  how many commits were cut
    """

    def __init__(self, url: str):
        given = psycopg.conninfo.conninfo_to_dict(url)
        self._host = given.get("host") or "/var/run/postgresql"
        self._port = int(given.get("port") or 5432)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._lock = threading.Lock()
        self._armed = None  # (what to look for, bytes to keep)
        self._sockets = []
        self.cuts = 0
        port = self._listener.getsockname()[1]
        user = given.get("user", "")
        if given.get("password"):
            user += f":{given['password']}"
        self.url = (
            f"postgresql://{user}@127.0.0.1:{port}/{given['dbname']}"
            "?sslmode=disable&gssencmode=disable"
        )
        threading.Thread(target=self._accept, daemon=True).start()

    def arm(self, where: bytes = ANSWER, keep: int = -65536) -> None:
        """Cut at the next commit, `keep` bytes after `where` begins."""
        with self._lock:
            self._armed = where, keep

    def close(self) -> None:
        """End all connections."""
        with self._lock:
            self._armed = None
        self._listener.close()
        for one in self._sockets:
            hang_up(one)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = self._connect()
            except OSError:  # the server is away
                client.close()
                continue
            self._sockets += [client, server]
            for way in ((client, server, REQUEST), (server, client, ANSWER)):
                threading.Thread(
                    target=self._pump, args=way, daemon=True
                ).start()

    def _connect(self) -> socket.socket:
        if not self._host.startswith("/"):
            return socket.create_connection((self._host, self._port))
        server = socket.socket(socket.AF_UNIX)
        server.connect(f"{self._host}/.s.PGSQL.{self._port}")
        return server

    def _pump(self, source, sink, what: bytes) -> None:
        tail = b""
        try:
            while data := source.recv(65536):
                kept = self._cut(what, tail, data)
                sink.sendall(data[:kept])
                if kept is not None:
                    break
                tail = (tail + data)[-len(what) + 1 :]
        except OSError:
            pass
        hang_up(source)
        hang_up(sink)

    def _cut(self, what: bytes, tail: bytes, data: bytes) -> Optional[int]:
        """Return how much of `data` to pass on; None: all, and go on."""
        at = (tail + data).find(what)
        with self._lock:
            if at < 0 or self._armed is None or self._armed[0] != what:
                return None
            _, keep = self._armed
            self._armed = None
            self.cuts += 1
            return max(0, at - len(tail) + keep)


def hang_up(one: socket.socket) -> None:
    """End a connection that its other thread may still use."""
    try:
        one.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
