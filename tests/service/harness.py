# SPDX-License-Identifier: GPL-3.0-or-later
"""harness.py - run the real cumaed and talk to it

A `Service` is one process of $CUMAE_BUILD/cumaed on a port that the kernel
chose, with its output in files, which can be stopped, killed and started again
on the same port. `api()` sends one request, and checks the answer against the
OpenAPI document of the service. Databases are fresh: a SQLite file, or a
database made in the cluster $CUMAE_TEST_POSTGRES.
"""

import json as jsonlib
import os
import re
import signal
import subprocess
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Optional

import httpx
import openapi
import psycopg

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 60.0
FAULTS = re.compile(
    r"(?m)^.*(ERROR: (Address|Leak)Sanitizer|runtime error:"
    r"|WARNING: ThreadSanitizer)"
)


def binary() -> Path:
    """Return the cumaed under test: that of $CUMAE_BUILD or of a release."""
    build = os.environ.get("CUMAE_BUILD", ROOT / "build" / "release")
    return Path(build) / "cumaed"


def wait_until(condition, what: str, timeout_s: float = PATIENCE_S):
    """Return the first truthy value of condition(), or fail naming `what`."""
    deadline = time.monotonic() + timeout_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {timeout_s:g} s for {what}")
        time.sleep(0.01)


@dataclass
class Answer:
    """The answer to one request; `json` is None when the body is not JSON."""

    status: int
    json: Any
    text: str
    headers: httpx.Headers

    def __iter__(self):
        """Unpack as `status, json = service.api(...)`."""
        return iter((self.status, self.json))


@dataclass
class Service:
    """One cumaed; make it, then start() it.

    database  the value of --database
    directory an existing directory for its output
    arguments further command line arguments
    token     a token to use where the database has users already
    verify    how to check its certificate, as httpx takes it
    """

    database: str
    directory: Path
    arguments: list = field(default_factory=list)
    environment: dict = field(default_factory=dict)
    token: Optional[str] = None
    sign_in: Optional[str] = None
    verify: Any = True
    url: str = ""
    process: Optional[subprocess.Popen] = None

    def __post_init__(self):
        name = uuid.uuid4().hex[:8]
        self.stdout_path = Path(self.directory) / f"cumaed-{name}.out"
        self.stderr_path = Path(self.directory) / f"cumaed-{name}.log"
        self._listen = "127.0.0.1:0"
        self._http = self._client()
        self._document = None

    def start(self, wait: bool = True) -> "Service":
        """Start the process; return when it is ready (with `wait`) or listens.

        The first start lets the kernel choose the port, later ones keep it.
        """
        if not binary().exists():
            raise AssertionError(f"{binary()} is not built")
        command = [binary(), "--listen", self._listen]
        command += ["--database", self.database, *self.arguments]
        with open(self.stdout_path, "wb") as out:
            with open(self.stderr_path, "ab") as log:
                self.process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=log,
                    env={**os.environ, **self.environment},
                )
        self.url = self._await_line("listening on")
        self._listen = self.url.split("//", 1)[1]
        if wait:
            wait_until(self.ready, f"/readyz of {self.url}")
        self.token = self._line("token:") or self.token
        self.sign_in = self._line("sign in:") or self.sign_in
        return self

    def ready(self) -> bool:
        """Return whether /readyz says 200; fail when the process has ended."""
        self._check_alive()
        try:
            return self._http.get(self.url + "/readyz").status_code == 200
        except httpx.TransportError:
            return False

    def kill(self) -> None:
        """Send SIGKILL and wait for the end: the machine lost its power."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(PATIENCE_S)
        self._forget_connections()
        self.check_log()

    def terminate(self) -> int:
        """Send SIGTERM, wait for the drained end and return the status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(PATIENCE_S)
        self._forget_connections()
        self.check_log()
        return status

    def check_log(self) -> None:
        """Fail when a sanitizer has found a fault in the process."""
        text = self.stderr_path.read_text(errors="replace")
        fault = FAULTS.search(text)
        if fault:
            raise AssertionError(text[fault.start():][:8000])

    def restart(self) -> "Service":
        """Start again, on the same port, after kill() or terminate()."""
        assert self.process.poll() is not None, "the old process still runs"
        return self.start()

    def close(self) -> None:
        """End the process, and the connections.

        A process that still runs must end well: only then does it tell of
        leaks. A test that waits for an end of another kind does so itself.
        """
        self._http.close()
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                status = self.process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                self.kill()
                raise
            assert status == 0, f"cumaed ended with {status}"
        if self.process:
            self.check_log()

    def log(self) -> list:
        """Return the log so far: a list of the JSON lines of stderr."""
        lines = self.stderr_path.read_text(errors="replace").splitlines()
        return [jsonlib.loads(line) for line in lines if line.startswith("{")]

    def api(
        self,
        method: str,
        path: str,
        json: Any = None,
        headers: Optional[dict] = None,
        *,
        data: Optional[bytes] = None,
        token: Optional[str] = "",
        validate: bool = True,
    ) -> Answer:
        """Send one request and return its Answer; retries nothing.

        path    from the root (/healthz), or below /api/v1 without that prefix
        data    a raw body instead of `json`
        token   another token than the service's; None sends none
        """
        if not re.match(r"/(api/|healthz|readyz|metrics|$)", path):
            path = "/api/v1" + path
        sent = {}
        bearer = self.token if token == "" else token
        if bearer is not None:
            sent["Authorization"] = f"Bearer {bearer}"
        if json is not None:
            data = jsonlib.dumps(json).encode()
        if data is not None:
            sent["Content-Type"] = "application/json"
        sent.update(headers or {})
        reply = self._http.request(
            method, self.url + path, content=data, headers=sent
        )
        answer = Answer(
            reply.status_code, _parsed(reply), reply.text, reply.headers
        )
        if validate and path.startswith("/api/v1"):
            self._validate(method, path, answer)
        return answer

    def _validate(self, method: str, path: str, answer: Answer) -> None:
        if self._document is None:
            reply = self._http.get(
                self.url + "/api/v1/openapi.json",
                headers={"Authorization": f"Bearer {self.token}"},
            )
            known = reply.status_code == 200
            self._document = reply.json() if known else {}
        if self._document:
            openapi.check(
                self._document, method, path, answer.status,
                answer.headers.get("content-type", ""), answer.json,
            )

    def _forget_connections(self) -> None:
        self._http.close()
        self._http = self._client()

    def _client(self) -> httpx.Client:
        return httpx.Client(timeout=PATIENCE_S, verify=self.verify)

    def _line(self, label: str) -> Optional[str]:
        for line in self.stdout_path.read_text().splitlines():
            if line.startswith(label):
                return line[len(label):].strip()
        return None

    def _await_line(self, label: str) -> str:
        def found():
            line = self._line(label)
            if line is None:
                self._check_alive()
            return line

        return wait_until(found, f"the line '{label}' of cumaed")

    def _check_alive(self) -> None:
        status = self.process.poll()
        if status is not None:
            tail = self.stderr_path.read_text(errors="replace")[-4000:]
            raise AssertionError(f"cumaed ended with {status}:\n{tail}")


def _parsed(reply: httpx.Response) -> Any:
    """Return the body of a JSON answer; NaN and Infinity are no JSON."""
    kind = reply.headers.get("content-type", "")
    if not re.search(r"[/+]json\b", kind) or not reply.content:
        return None

    def refuse(constant):
        raise AssertionError(f"{constant} in an answer: {reply.text[:500]}")

    return jsonlib.loads(reply.text, parse_constant=refuse)


class Cluster:
    """A PostgreSQL cluster in which databases are made and dropped."""

    def __init__(self, url: str):
        self.url = url

    def create(self) -> str:
        """Create an empty database and return its URL."""
        name = f"cumae_{uuid.uuid4().hex[:12]}"
        self._execute(f"CREATE DATABASE {name}")
        return self._with_database(name)

    def drop(self, url: str) -> None:
        """Drop a database that create() made, with whoever is connected."""
        name = re.search(r"cumae_[0-9a-f]{12}", url).group()
        self._execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def _execute(self, statement: str) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(statement)

    def _with_database(self, name: str) -> str:
        match = re.match(r"(postgres(?:ql)?://[^/?]*)(/[^?]*)?(\?.*)?$", self.url)
        assert match, f"CUMAE_TEST_POSTGRES is not a URL: {self.url}"
        return f"{match.group(1)}/{name}{match.group(3) or ''}"


def start_cluster(directory: Path) -> Cluster:
    """Start a cluster of our own in `directory` with tests/postgres.sh."""
    script = ROOT / "tests" / "postgres.sh"
    started = subprocess.run(
        [script, "start", directory], stdout=subprocess.PIPE, text=True,
        check=True, timeout=PATIENCE_S,
    )
    return Cluster(started.stdout.strip().splitlines()[-1])


def stop_cluster(directory: Path) -> None:
    """Stop the cluster that start_cluster() started in `directory`."""
    script = ROOT / "tests" / "postgres.sh"
    subprocess.run([script, "stop", directory], check=True, timeout=PATIENCE_S)
