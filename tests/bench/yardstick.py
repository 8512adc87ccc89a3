# SPDX-License-Identifier: GPL-3.0-or-later
"""yardstick.py - what cumaed is measured with and against

The load generator, the bare commit rates of the databases, the peer
(peer_hopaas/) with its own Python environment, and the description of the
machine that every figure is worth nothing without.
"""

import datetime
import json
import os
import platform
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import psycopg

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
TOKEN = "yardstick"
ROW = "x" * 200  # about the size of a trial


# ---- machine ----------------------------------------------------------------


def machine(directory: Path) -> dict:
    """Describe this machine and the disk that `directory` is on."""
    cpu = re.search(
        r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text()
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "machine": f"{os.cpu_count()} CPUs"
        f" ({cpu.group(1) if cpu else platform.machine()}),"
        f" {memory / 2**30:.0f} GiB, {filesystem(directory)},"
        f" Linux {platform.release().partition('-')[0]}",
        "date": datetime.date.today().isoformat(),
        "load_before": os.getloadavg()[0],
    }


def filesystem(directory: Path) -> str:
    """Return the type of the file system that holds a directory."""
    best = ("", "unknown")
    for line in Path("/proc/mounts").read_text().splitlines():
        _, point, kind = line.split()[:3]
        if Path(directory).resolve().is_relative_to(point):
            best = max(best, (point, kind), key=lambda pair: len(pair[0]))
    return best[1]


# ---- load -------------------------------------------------------------------


def load(program: Path, service, studies: list, clients: int, window) -> dict:
    """Run the load generator; return what it measured.

    service  has `port`, `token` and `hopaas`
    window   (warm-up, measurement) in seconds
    """
    command = [program, "--port", str(service.port), "--token", service.token]
    command += ["--connections", str(clients)]
    command += ["--warmup", str(window[0]), "--seconds", str(window[1])]
    command += ["--hopaas"] if service.hopaas else []
    done = subprocess.run(
        [*command, *studies],
        stdout=subprocess.PIPE,
        check=True,
        timeout=sum(window) + 60,
    )
    return json.loads(done.stdout)


# ---- commit rates -----------------------------------------------------------


def sqlite_commits(path: Path, seconds: float) -> float:
    """Return single-row durable commits per second of a SQLite file."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE rows (id INTEGER PRIMARY KEY, body TEXT)")
    count, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        connection.execute("INSERT INTO rows (body) VALUES (?)", (ROW,))
        count += 1
    elapsed = time.perf_counter() - start
    connection.close()
    return count / elapsed


def postgres_commits(url: str, script: Path, clients: int, seconds) -> float:
    """Return single-row durable commits per second of PostgreSQL."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "CREATE TABLE IF NOT EXISTS rows"
            " (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body text)"
        )
    script.write_text(f"INSERT INTO rows (body) VALUES ('{ROW}');\n")
    done = subprocess.run(
        [pgbench(), "-n", "-M", "prepared", "-c", str(clients)]
        + ["-j", str(min(clients, 2)), "-T", str(seconds), "-f", script, url],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=True,
    )
    return float(re.search(r"tps = ([0-9.]+)", done.stdout).group(1))


def pgbench() -> str:
    """Return the pgbench of the newest PostgreSQL that is installed."""
    found = shutil.which("pgbench")
    if found:
        return found
    versions = Path("/usr/lib/postgresql").glob("*/bin/pgbench")
    return str(max(versions, key=lambda path: int(path.parts[4])))


def make_durable(url: str) -> str:
    """Switch on everything that makes a commit durable; return the version."""
    with psycopg.connect(url, autocommit=True) as connection:
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(f"ALTER SYSTEM SET {name} = on")
        connection.execute("SELECT pg_reload_conf()")
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with psycopg.connect(url, autocommit=True) as connection:
            rows = connection.execute(
                "SELECT setting FROM pg_settings WHERE name IN"
                " ('fsync', 'synchronous_commit', 'full_page_writes')"
            ).fetchall()
            if rows == [("on",)] * 3:
                return connection.info.parameter_status("server_version")
    raise RuntimeError("PostgreSQL does not take durable settings")


def data_directory(url: str) -> Path:
    """Return where PostgreSQL keeps its files."""
    with psycopg.connect(url) as connection:
        row = connection.execute("SHOW data_directory").fetchone()
        return Path(row[0])


# ---- the peer ---------------------------------------------------------------


def peer_python(build: Path) -> Path:
    """Return the Python of the peer's environment, made when it is missing."""
    home = build / "peer-venv"
    wanted = (HERE / "peer_hopaas" / "requirements.txt").read_text()
    stamp = home / ".done"
    if not stamp.exists() or stamp.read_text() != wanted:
        print("installing the peer ...", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", home], check=True)
        subprocess.run(
            [home / "bin" / "pip", "install", "-q"]
            + ["--disable-pip-version-check"]
            + ["-r", HERE / "peer_hopaas" / "requirements.txt"],
            check=True,
        )
        stamp.write_text(wanted)
    return home / "bin" / "python"


class Peer:
    """The peer's processes: a context manager that yields a running peer."""

    hopaas = True
    token = TOKEN

    def __init__(self, python: Path, database: str, directory: Path):
        given = psycopg.conninfo.conninfo_to_dict(database)
        name, user = given.pop("dbname"), given.pop("user", "")
        rest = "&".join(f"{key}={value}" for key, value in given.items())
        self.database = f"postgresql+psycopg2://{user}@/{name}?{rest}"
        self.log = directory / "peer.log"
        self._python = python
        self.port = None
        self._process = None

    def __enter__(self) -> "Peer":
        self.manage("prepare", TOKEN)
        with open(self.log, "wb") as log:
            self._process = subprocess.Popen(
                [self._python, "-m", "uvicorn", "app:app", "--workers", "2"]
                + ["--port", "0", "--no-access-log"],
                cwd=HERE / "peer_hopaas",
                env={**os.environ, "PEER_DATABASE": self.database},
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + 60
        while self.log.read_text().count("startup complete") < 2:
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"no peer:\n{self.log.read_text()}")
            time.sleep(0.05)
        running = re.search(r"running on http://[^:]*:(\d+)", self.log.read_text())
        self.port = int(running.group(1))
        return self

    def __exit__(self, *_):
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def manage(self, command: str, *arguments) -> None:
        """Run a command of peer_hopaas/manage.py."""
        subprocess.run(
            [self._python, "manage.py", command, self.database, *arguments],
            cwd=HERE / "peer_hopaas",
            check=True,
            timeout=300,
        )

    def versions(self) -> dict:
        """Return the versions that matter."""
        done = subprocess.run(
            [self._python, "-m", "pip", "freeze"],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        pinned = dict(
            line.split("==") for line in done.stdout.split() if "==" in line
        )
        return {
            f"versions.{name}": pinned[name]
            for name in ("fastapi", "uvicorn", "optuna", "SQLAlchemy")
        }
