# SPDX-License-Identifier: GPL-3.0-or-later
"""conftest.py - a service that many tests share

shared   a ready service; tests make studies of their own in it, and leave the
         service as they found it
calls    the calls of a study's life on the shared service
world    a service that people sign in to through several providers
ruins    one whose providers are broken
browser  that of somebody new to the world; `other` is one more
name     a name that nobody has there
"""

import uuid

import harness
import pytest
from calls import Calls
from world import make_ruins, make_world


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


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def lasting_world(request, tmp_path_factory, institute):
    """People sign in here; in the end the log must hold no secret."""
    directory = tmp_path_factory.mktemp("world")
    if request.param == "sqlite":
        url = f"sqlite:{directory / 'cumae.db'}"
        yield from inhabit(make_world(institute, url, directory))
        return
    postgres = request.getfixturevalue("postgres")
    url = postgres.create()
    yield from inhabit(make_world(institute, url, directory))
    postgres.drop(url)


@pytest.fixture
def world(lasting_world):
    """The same, whose providers a test may spoil."""
    yield lasting_world
    lasting_world.forged.be_honest()


@pytest.fixture
def browser(world):
    """The browser of somebody new."""
    one = world.browser()
    yield one
    one.close()


@pytest.fixture
def other(world):
    """The browser of somebody else."""
    one = world.browser()
    yield one
    one.close()


@pytest.fixture
def name():
    """A name that nobody has."""
    return f"p{uuid.uuid4().hex[:12]}"


@pytest.fixture(scope="session")
def ruins(tmp_path_factory):
    """Nobody can sign in here."""
    directory = tmp_path_factory.mktemp("ruins")
    url = f"sqlite:{directory / 'cumae.db'}"
    yield from inhabit(make_ruins(url, directory))


def inhabit(one):
    """Yield a world with its service running."""
    try:
        one.service.start()
        yield one
        one.check_log()
    finally:
        one.close()
