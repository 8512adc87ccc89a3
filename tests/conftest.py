# SPDX-License-Identifier: GPL-3.0-or-later
"""conftest.py - fixtures of all tests that run the real service

database   URL of a fresh database; each test runs on SQLite and PostgreSQL
service    a ready cumaed on that database, which must end with status 0
instances  start further ones: instances(database, token=..., arguments=[...])
institute  the OpenID provider of tests/oidc; tests change accounts of their own
"""

import contextlib
import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent / "service"))
import harness  # noqa: E402
import signing  # noqa: E402


@pytest.fixture(autouse=True)
def spool(monkeypatch, tmp_path):
    """A spool of the Python client of each test's own, not the user's."""
    folder = tmp_path / "spool"
    monkeypatch.setenv("CUMAE_SPOOL", str(folder))
    return folder


@pytest.fixture(scope="session")
def postgres(tmp_path_factory):
    """The PostgreSQL cluster: $CUMAE_TEST_POSTGRES, or one of our own."""
    url = os.environ.get("CUMAE_TEST_POSTGRES")
    if url:
        yield harness.Cluster(url)
        return
    directory = tmp_path_factory.mktemp("postgres")
    yield harness.start_cluster(directory)
    harness.stop_cluster(directory)


@pytest.fixture
def sqlite_database(tmp_path):
    """URL of a SQLite file that does not exist yet."""
    return f"sqlite:{tmp_path / 'cumae.db'}"


@pytest.fixture
def postgres_database(postgres):
    """URL of a fresh database in PostgreSQL."""
    url = postgres.create()
    yield url
    postgres.drop(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request):
    """URL of a fresh database, of each kind."""
    kinds = {"sqlite": "sqlite_database", "postgresql": "postgres_database"}
    return request.getfixturevalue(kinds[request.param])


@pytest.fixture
def instances(tmp_path):
    """A function that starts a service: instances(database, **fields)."""
    with contextlib.ExitStack() as started:

        def start(database, **fields):
            one = harness.Service(database, tmp_path, **fields)
            started.callback(one.close)
            return one.start()

        yield start


@pytest.fixture
def service(instances, database):
    """A ready service; after the test SIGTERM must end it with status 0."""
    one = instances(database)
    yield one
    if one.process.poll() is None:
        assert one.terminate() == 0, one.stderr_path.read_text()[-4000:]


@pytest.fixture(scope="session")
def institute():
    """A real OpenID provider, for all tests."""
    one = signing.Institute()
    yield one
    one.close()
