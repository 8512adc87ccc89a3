# SPDX-License-Identifier: GPL-3.0-or-later
"""hostile.py - clients that take a service's connections and give nothing

    hostile.py --port P [--tls] [--token T --study ID]
               [--headers N] [--bodies N] [--idle N] [--deaf N]

headers  send the headers of a request, a line in a second
bodies   send the body of a request, a byte in a second
idle     send one request, then keep the connection
deaf     ask for a large export and read nothing

They come from many addresses of 127.0.0.0/8. One that is hung up on comes back,
at most RETURNS in a second, a deaf one after DEAF_S: what its export costs to make
is not what is measured here. Prints `ready` when all have come, and one JSON
object when its standard input ends.
"""

import argparse
import json
import random
import resource
import select
import socket
import ssl
import sys
import time

RETURNS = 200
ADDRESSES = 64
DRIP_S = 1.0
DEAF_S = 30.0
TINY_BYTES = 4096
PATIENCE_S = 10.0
KINDS = ("headers", "bodies", "idle", "deaf")


class Client:
    """One hostile connection."""

    def __init__(self, crowd, kind: str):
        self.crowd, self.kind = crowd, kind
        self.socket = None
        self.back_at = 0.0

    def come(self) -> bool:
        """Connect and send the beginning; return whether that went well."""
        options = self.crowd.options
        raw = socket.socket()
        try:
            raw.settimeout(PATIENCE_S)
            if self.kind == "deaf":
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, TINY_BYTES)
            raw.bind((f"127.0.1.{1 + random.randrange(ADDRESSES)}", 0))
            raw.connect(("127.0.0.1", options.port))
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.socket = raw
            if self.crowd.context:
                self.socket = self.crowd.context.wrap_socket(raw)
            self.socket.sendall(self._beginning())
            if self.kind == "idle":
                self.socket.recv(65536)
            self.socket.settimeout(0)
            return True
        except OSError:
            self.leave()
            raw.close()
            return False

    def leave(self) -> None:
        """Close the connection, if there is one."""
        if self.socket:
            self.socket.close()
        self.socket = None

    def drip(self) -> None:
        """Send a little more."""
        if self.socket and self.kind in ("headers", "bodies"):
            try:
                self.socket.send(b"X-A: b\r\n" if self.kind == "headers" else b"x")
            except OSError:
                pass  # The end of the connection shows as an event.

    def _beginning(self) -> bytes:
        options = self.crowd.options
        if self.kind == "headers":
            return b"GET /api/v1/info HTTP/1.1\r\nHost: x\r\n"
        if self.kind == "bodies":
            return (
                b"POST /api/v1/session HTTP/1.1\r\nHost: x\r\n"
                b"Content-Type: application/json\r\n"
                b"Content-Length: 100000\r\n\r\n{"
            )
        if self.kind == "idle":
            return b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
        return (
            f"GET /api/v1/studies/{options.study}/export HTTP/1.1\r\n"
            f"Host: x\r\nAuthorization: Bearer {options.token}\r\n\r\n"
        ).encode()


class Crowd:
    """All hostile connections."""

    def __init__(self, options):
        self.options = options
        self.context = ssl._create_unverified_context() if options.tls else None
        self.epoll = select.epoll()
        self.clients = {}  # by file descriptor
        self.away = [
            Client(self, kind)
            for kind in KINDS
            for _ in range(getattr(options, kind))
        ]
        random.Random(1).shuffle(self.away)
        self.counts = dict.fromkeys(("came", "refused", "cut"), 0)

    def gather(self, most: int) -> None:
        """Let up to `most` of those who are away come."""
        now = time.monotonic()
        for _ in range(min(most, len(self.away))):
            client = self.away.pop()
            if client.back_at > now:
                self.away.insert(0, client)
            elif client.come():
                self.counts["came"] += 1
                number = client.socket.fileno()
                self.clients[number] = client
                # Who is deaf learns only that the connection has ended.
                events = select.EPOLLRDHUP | select.EPOLLHUP
                self.epoll.register(number, events)
            else:
                self.counts["refused"] += 1
                self.away.insert(0, client)

    def notice(self, seconds: float) -> None:
        """Wait for connections to end."""
        for number, _ in self.epoll.poll(seconds, 1024):
            client = self.clients.pop(number)
            self.epoll.unregister(number)
            client.leave()
            if client.kind == "deaf":
                client.back_at = time.monotonic() + DEAF_S
            self.counts["cut"] += 1
            self.away.insert(0, client)

    def haunt(self) -> None:
        """Do harm until standard input ends."""
        first = True
        while first or not select.select([sys.stdin], [], [], 0)[0]:
            turn_ends = time.monotonic() + DRIP_S
            self.gather(len(self.away) if first else RETURNS)
            for client in list(self.clients.values()):
                client.drip()
            if first:
                print("ready", flush=True)
            first = False
            while (left := turn_ends - time.monotonic()) > 0:
                self.notice(left)
                if select.select([sys.stdin], [], [], 0)[0]:
                    break
        print(json.dumps({**self.counts, "open": len(self.clients)}))


def main() -> None:
    """Read the command line, then do harm."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--tls", action="store_true")
    parser.add_argument("--token", default="")
    parser.add_argument("--study", default="")
    for kind in KINDS:
        parser.add_argument(f"--{kind}", type=int, default=0)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    Crowd(parser.parse_args()).haunt()


if __name__ == "__main__":
    main()
