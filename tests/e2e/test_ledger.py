# SPDX-License-Identifier: GPL-3.0-or-later
"""test_ledger.py - among crashing workers and kill -9 the books agree

The short form of `make faults` (tests/faults/ledger.py): SEED=... repeats what
the workers draw.
"""

import contextlib
import sys
from pathlib import Path

import harness
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "faults"))
from ledger import Ledger, Size, drawn_seed, start  # noqa: E402


@pytest.fixture(scope="module")
def mortal(tmp_path_factory):
    """A cluster that may be killed, and its directory."""
    directory = tmp_path_factory.mktemp("mortal")
    yield harness.start_cluster(directory), directory
    harness.stop_cluster(directory)


@pytest.fixture
def run(tmp_path):
    """A function: work among failures and compare the books."""
    with contextlib.ExitStack() as stack:

        def work(database, n, cluster=None):
            seed = drawn_seed()
            print(f"SEED={seed}")
            services, wires = start(stack, database, tmp_path, n)
            ledger = Ledger(services, wires, seed, Size())
            ledger.run(cluster)
            print(ledger.lines())
            assert ledger.book.counts["tells"] > 50, "too little was done"

        yield work


def test_the_books_agree_on_sqlite(run, sqlite_database):
    run(sqlite_database, 1)


def test_the_books_agree_on_postgresql(run, mortal):
    cluster, directory = mortal
    run(cluster.create(), 1, directory)


def test_the_books_of_two_services_agree(run, mortal):
    cluster, directory = mortal
    run(cluster.create(), 2, directory)
