# SPDX-License-Identifier: GPL-3.0-or-later
"""receiver.py - who gets the deliveries of webhooks, well-behaved or not

A `Receiver` listens on a port that the kernel chose and keeps what comes. What
it answers is decided by `answer`, a function of the delivery that returns a
status, or a status and a dict of headers; it may also take its time.
"""

import base64
import hashlib
import hmac
import json
import ssl
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Delivery:
    """One request that came."""

    path: str
    headers: dict
    raw: bytes

    @property
    def id(self):
        """The identifier of the delivery."""
        return self.headers["webhook-id"]

    @property
    def body(self):
        """The JSON of the request."""
        return json.loads(self.raw)

    @property
    def events(self):
        """The events in it."""
        return self.body["events"]

    def is_signed_with(self, secret):
        """Return whether the signature is that of Standard Webhooks."""
        headers = self.headers
        message = f"{headers['webhook-id']}.{headers['webhook-timestamp']}."
        key = base64.b64decode(secret.removeprefix("whsec_"))
        digest = hmac.digest(key, message.encode() + self.raw, hashlib.sha256)
        wanted = "v1," + base64.b64encode(digest).decode()
        return wanted in headers["webhook-signature"].split()


class Receiver:
    """A receiver in threads of its own; close() ends it."""

    def __init__(self, answer=lambda delivery: 204, tls=None, port=0):
        self.deliveries = []
        self.answer = answer
        self._lock = threading.Lock()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                length = int(self.headers["Content-Length"])
                headers = {k.lower(): v for k, v in self.headers.items()}
                delivery = Delivery(
                    self.path, headers, self.rfile.read(length))
                with receiver._lock:
                    receiver.deliveries.append(delivery)
                answer = receiver.answer(delivery)
                status, more = answer if isinstance(answer, tuple) else (
                    answer, {})
                body = more.pop("body", b"")
                try:
                    self.send_response(status)
                    for name, value in more.items():
                        self.send_header(name, value)
                    if status != 204:
                        self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
                except OSError:
                    self.close_connection = True  # nobody waits any more

            def log_message(self, *_):
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass  # a client that went away, or that trusts us not

        self._server = Server(("127.0.0.1", port), Handler)
        self.port = self._server.server_address[1]
        scheme, host = "http", "127.0.0.1"
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True,
                do_handshake_on_connect=False)
            scheme, host = "https", "localhost"
        self.url = f"{scheme}://{host}:{self.port}/hook"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    def all(self):
        """Return what came so far."""
        with self._lock:
            return list(self.deliveries)

    def events(self):
        """Return the events that came so far."""
        return [event for one in self.all() for event in one.events]

    def close(self):
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
