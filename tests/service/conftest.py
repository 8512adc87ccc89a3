# SPDX-License-Identifier: GPL-3.0-or-later
"""conftest.py - a service that many tests share

shared   a ready service; tests make studies of their own in it, and leave the
         service as they found it
calls    the calls of a study's life on the shared service
"""

import harness
import pytest
from calls import Calls


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def shared(request, tmp_path_factory):
    """A service on each database; at the end SIGTERM must end it with 0.

    In PostgreSQL it has the rights of a service that is deployed, no more.
    """
    directory = tmp_path_factory.mktemp("shared")
    if request.param == "sqlite":
        yield from serve(f"sqlite:{directory / 'cumae.db'}", directory)
        return
    postgres = request.getfixturevalue("postgres")
    url = postgres.create()
    yield from serve(postgres.restrict(url), directory)
    postgres.drop(url)


def serve(url, directory):
    """Yield a service on a database."""
    service = harness.Service(url, directory).start()
    try:
        yield service
        assert service.terminate() == 0
    finally:
        service.close()


@pytest.fixture
def calls(shared):
    """The calls of a study's life."""
    return Calls(shared)
