# SPDX-License-Identifier: GPL-3.0-or-later
"""lossy_proxy.py - a wire to PostgreSQL that breaks after a commit

Stands between cumaed and the database. After arm() the next answer that says
COMMIT is swallowed and its connection cut: the transaction is durable, and the
service cannot know it.
"""

import socket
import threading

import psycopg

# CommandComplete: type, length, tag.
COMMITTED = b"C\x00\x00\x00\x0bCOMMIT\x00"


class LossyProxy:
    """A proxy in front of the server of a postgresql:// URL.

    url   the same database, through the proxy
    cuts  how many commits were swallowed
    """

    def __init__(self, url: str):
        given = psycopg.conninfo.conninfo_to_dict(url)
        self._host = given.get("host") or "/var/run/postgresql"
        self._port = int(given.get("port") or 5432)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._lock = threading.Lock()
        self._armed = False
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

    def arm(self) -> None:
        """Cut after the next commit."""
        with self._lock:
            self._armed = True

    def close(self) -> None:
        """End all connections."""
        with self._lock:
            self._armed = False
        self._listener.close()
        for one in self._sockets:
            hang_up(one)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = self._connect()
            self._sockets += [client, server]
            for pair, may_cut in (((client, server), False),
                                  ((server, client), True)):
                threading.Thread(
                    target=self._pump, args=(*pair, may_cut), daemon=True
                ).start()

    def _connect(self) -> socket.socket:
        if not self._host.startswith("/"):
            return socket.create_connection((self._host, self._port))
        server = socket.socket(socket.AF_UNIX)
        server.connect(f"{self._host}/.s.PGSQL.{self._port}")
        return server

    def _pump(self, source, sink, may_cut: bool) -> None:
        tail = b""
        try:
            while data := source.recv(65536):
                if may_cut and COMMITTED in tail + data and self._fire():
                    break
                tail = (tail + data)[-len(COMMITTED) + 1 :]
                sink.sendall(data)
        except OSError:
            pass
        hang_up(source)
        hang_up(sink)

    def _fire(self) -> bool:
        with self._lock:
            fire, self._armed = self._armed, False
            self.cuts += fire
            return fire


def hang_up(one: socket.socket) -> None:
    """End a connection that its other thread may still use."""
    try:
        one.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
