# SPDX-License-Identifier: GPL-3.0-or-later
"""test_fair.py - what one user does to the service is no other user's problem

The noisy user downloads a large study from many connections and reads nothing,
which is the worst that can be done to whoever holds the answers.
"""

import socket
from urllib.parse import urlsplit

import harness
import pytest

HELD = 4  # exports of one user that are made and not delivered
WAITING = 64  # slow requests of one user that wait
SPACE = {"x": {"type": "float", "low": 0, "high": 1}}
PAGE_BYTES = 8_000_000


@pytest.fixture
def noisy(service):
    """The token of another user."""
    return service.second_user("noisy")


@pytest.fixture
def large(service, noisy):
    """A study of the noisy user that is larger than all buffers."""
    made = service.api("POST", "/studies", {"name": "large", "space": SPACE},
                       token=noisy)
    for _ in range(3):
        trial = {
            "params": {"x": 0.5}, "values": [0], "state": "complete",
            "meta": {"a": "x" * 10000},
        }
        brought = service.api(
            "POST", f"/studies/{made.json['id']}/trials",
            {"trials": [trial] * 300}, token=noisy,
        )
        assert brought.status == 201, brought.status
    return made.json["id"]


@pytest.fixture
def stubborn(service, noisy):
    """A function that sends a request and does not read the answer."""
    address = urlsplit(service.url)
    sockets = []

    def send(path):
        one = socket.socket()
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        one.connect((address.hostname, address.port))
        one.sendall(
            f"GET /api/v1{path} HTTP/1.1\r\nHost: {address.netloc}\r\n"
            f"Authorization: Bearer {noisy}\r\n\r\n".encode()
        )
        sockets.append(one)
        return one

    yield send
    for one in sockets:
        one.close()


def queued(service):
    """Return how many requests wait for a thread."""
    text = service.api("GET", "/metrics").text
    (line,) = [
        line for line in text.splitlines()
        if line.startswith("cumae_queue_depth")
    ]
    return int(line.split()[-1])


def test_who_reads_no_answers_is_refused_and_others_are_served(
    service, noisy, large, stubborn
):
    export = f"/studies/{large}/export"
    size = len(service.api("GET", export, token=noisy).text)
    assert size > PAGE_BYTES
    sockets = [stubborn(export) for _ in range(HELD)]
    for one in sockets:
        one.recv(1)  # the answer is on its way
    sockets += [stubborn(export) for _ in range(WAITING)]
    harness.wait_until(lambda: queued(service) == WAITING, "the queue of the noisy user")
    refused = service.api("GET", export, token=noisy)
    assert refused.status == 503 and refused.headers["retry-after"]
    assert "too many of your requests wait already, 64" in refused.text

    # What is quick goes on for both of them, and what is slow for the other.
    assert service.api("GET", f"/studies/{large}", token=noisy).status == 200
    mine = service.api("POST", "/studies", {"name": "m", "space": SPACE}).json
    asked = service.api("POST", f"/studies/{mine['id']}/ask", {})
    assert asked.status == 200
    for what in ("export", "importances"):
        answer = service.api("GET", f"/studies/{mine['id']}/{what}")
        assert answer.status == 200, answer.text

    for one in sockets[:-1]:
        one.close()
    harness.wait_until(lambda: queued(service) == 0, "an end of the queue")
    assert sockets[-1].recv(12) == b"HTTP/1.1 200"
