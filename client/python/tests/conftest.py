# SPDX-License-Identifier: MIT
"""conftest.py - a fake service, and transports that answer from a script"""

import json
import sys
import threading
from pathlib import Path

import httpx
import pytest

sys.path.insert(0, str(Path(__file__).parent))
import cumae  # noqa: E402
import cumae.delivery  # noqa: E402
from fake_service import TOKEN, FakeServer  # noqa: E402


@pytest.fixture(autouse=True)
def no_configuration(monkeypatch, tmp_path):
    """Neither the environment nor the home of whoever runs the tests."""
    for name in ("CUMAE_URL", "CUMAE_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("CUMAE_SPOOL", str(tmp_path / "spool"))
    yield
    # What a test left behind is not delivered when all of them have ended.
    cumae.delivery._owing.clear()


@pytest.fixture
def fake():
    """A fake service on a port of the kernel's choice."""
    server = FakeServer()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def client(fake):
    with cumae.Client(fake.url, TOKEN, patience_s=5.0) as one:
        yield one


@pytest.fixture
def naps(monkeypatch):
    """The waits between attempts, which take no time."""
    waited = []
    monkeypatch.setattr("cumae.client.time.sleep", waited.append)
    return waited


class Script:
    """A transport that plays answers: (status, body, headers) or an error."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.requests = []

    def __call__(self, request):
        self.requests.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        status, body, headers = (*answer, {}, {})[:3]
        return httpx.Response(status, json=body, headers=headers)

    def bodies(self):
        return [json.loads(r.content) for r in self.requests]


@pytest.fixture
def scripted():
    """scripted(*answers, **options) -> (client, script)."""

    def make(*answers, **options):
        script = Script(*answers)
        transport = httpx.MockTransport(script)
        one = cumae.Client(
            "http://service", "cum_x", transport=transport, **options
        )
        return one, script

    return make
