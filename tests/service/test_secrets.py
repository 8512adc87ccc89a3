# SPDX-License-Identifier: GPL-3.0-or-later
"""test_secrets.py - what others can see of a running service

Root may read the memory of any process, and tests may run as root: what is
checked is what ps and /proc show to everybody else, and what is printed.
"""

import os
import re
import stat
import subprocess
from pathlib import Path

import harness
import pytest

PASSWORD = "hunter2%/:@ ?&#ü"
ENCODED = "hunter2%25%2F%3A%40%20%3F%26%23%C3%BC"


def with_password(url, password=ENCODED):
    """Return the URL with a password."""
    return re.sub(r"(://[^@/:]*)@", rf"\1:{password}@", url)


def seen(service, what):
    """Return what /proc shows of a process: `cmdline` or `environ`."""
    return Path(f"/proc/{service.process.pid}/{what}").read_bytes().decode()


def output(service):
    """Return all that a service has printed."""
    return service.stdout_path.read_text() + service.stderr_path.read_text()


def failing(*arguments, **environment):
    """Return what a cumaed that must not start says."""
    done = subprocess.run(
        [harness.binary(), *arguments], text=True, capture_output=True,
        timeout=harness.PATIENCE_S, env={**os.environ, **environment},
    )
    assert done.returncode != 0
    return done.stdout + done.stderr


def test_ps_shows_no_password(instances, postgres_database):
    service = instances(with_password(postgres_database))
    assert service.api("GET", "/me").status == 200
    shown = seen(service, "cmdline").split("\0")
    assert "hunter2" not in "".join(shown)
    assert set(shown[shown.index("--database") + 1]) == {"*"}
    assert "hunter2" not in output(service)


def test_the_environment_keeps_no_password(instances, postgres_database):
    service = instances(
        postgres_database,
        environment={"CUMAE_DATABASE": with_password(postgres_database)},
    )
    assert "hunter2" not in seen(service, "environ")


def test_a_password_comes_from_a_file(
    instances, postgres_database, tmp_path
):
    file = tmp_path / "password"
    file.write_text(PASSWORD + "\n")
    arguments = ["--database-password-file", str(file)]
    service = instances(postgres_database, arguments=arguments)
    assert service.api("GET", "/me").status == 200
    for shown in (seen(service, "cmdline"), seen(service, "environ")):
        assert "hunter2" not in shown
    assert str(file) in seen(service, "cmdline")


@pytest.mark.parametrize("content", [None, "", "\n", "x" * 4097])
def test_a_password_file_without_a_password_is_named(tmp_path, content):
    file = tmp_path / "password"
    if content is not None:
        file.write_text(content)
    said = failing(
        "--database", "postgresql://a@127.0.0.1/a",
        "--database-password-file", str(file),
    )
    assert str(file) in said


@pytest.mark.parametrize("url", [
    "mysql://user:hunter2@host/cumae",
    "postgresql://user:hunter2%zz@host/cumae",
    "postgresql://user:hun/hunter2@host/cumae",
    "postgresql://user:p@hunter2@host/cumae",
    "postgresql://user:a@host/cumae?hunter2=1",
    "postgresql://user:hunter2@127.0.0.1:1/cumae",
])
def test_what_is_wrong_with_a_url_is_said_without_its_password(url):
    assert "hunter2" not in failing("--database", url)
    assert "hunter2" not in failing(CUMAE_DATABASE=url)
    assert "hunter2" not in failing(url)


def test_a_line_that_is_no_setting_is_not_repeated(tmp_path):
    file = tmp_path / "cumaed.conf"
    file.write_text("database postgresql://user:hunter2@host/cumae\n")
    said = failing("--config", str(file))
    assert "hunter2" not in said and "database" in said


def test_a_database_that_is_away_is_logged_without_its_password(
    instances, postgres, postgres_database
):
    service = instances(with_password(postgres_database))
    postgres.drop(postgres_database)
    harness.wait_until(
        lambda: service.api("GET", "/readyz", validate=False).status == 503,
        "a 503",
    )
    assert "hunter2" not in service.api("GET", "/me").text
    service.terminate()
    assert "hunter2" not in output(service)


def test_nobody_dumps_or_traces_the_service(instances, sqlite_database):
    """The files in /proc of a process that is not dumpable are root's."""
    service = instances(sqlite_database)
    limits = seen(service, "limits")
    assert re.search(r"Max core file size +0 +0 ", limits)
    assert Path(f"/proc/{service.process.pid}/environ").stat().st_uid == 0


def test_files_are_for_the_service_only(instances, tmp_path):
    folder = tmp_path / "new"
    before = os.umask(0)
    try:
        service = instances(f"sqlite:{folder}/cumae.db")
    finally:
        os.umask(before)
    assert service.api("GET", "/me").status == 200
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    made = {path.name: stat.S_IMODE(path.stat().st_mode)
            for path in folder.iterdir()}
    assert "cumae.db" in made and "cumae.db-wal" in made
    assert set(made.values()) == {0o600}
