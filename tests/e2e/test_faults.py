# SPDX-License-Identifier: GPL-3.0-or-later
"""test_faults.py - what a worker sees of a full disk, of no memory, of a wire
that breaks in the middle of a commit: calls to be repeated, and nothing lost
"""

import itertools
import random
import subprocess
import sys
import tempfile
import uuid
from pathlib import Path

import harness
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "faults"))
from crowd import Crowd, check, definition, trials_of  # noqa: E402
from ledger import drawn_seed  # noqa: E402
from lossy_proxy import ANSWER, REQUEST, LossyProxy  # noqa: E402
from starve import Hunger, Starved, library  # noqa: E402


def create(service) -> str:
    """Create a study; return its id."""
    answer = service.api("POST", "/studies", definition("faults"))
    assert answer.status == 201, answer.text
    return answer.json["id"]


# ---- a full disk ------------------------------------------------------------


@pytest.fixture
def small_disk():
    """A disk of 100 MiB that any user can reach; only root may make one."""
    disk = Path(tempfile.mkdtemp(prefix="cumae-disk-", dir="/tmp"))
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=100m,mode=1777", "tmpfs", disk],
        capture_output=True, text=True,
    )
    if mounted.returncode != 0:
        disk.rmdir()
        pytest.skip(f"a small disk needs root: {mounted.stderr.strip()}")
    yield disk
    subprocess.run(["umount", "--lazy", disk], check=True)
    disk.rmdir()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_on_disk(request, small_disk, tmp_path, monkeypatch):
    """A database of each kind on the small disk, and the disk."""
    if request.param == "sqlite":
        yield f"sqlite:{small_disk / 'cumae.db'}", small_disk
        return
    monkeypatch.setenv("CUMAE_POSTGRES_HOME", str(small_disk))
    directory = tmp_path / "cluster"
    yield harness.start_cluster(directory).create(), small_disk
    harness.stop_cluster(directory)


def fill(disk: Path) -> Path:
    """Take all the space that is left; return the file that holds it."""
    ballast = disk / "ballast"
    with open(ballast, "wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12):
            try:
                while file.write(bytes(size)):
                    pass
            except OSError:
                continue
    return ballast


def test_a_full_disk_is_a_503_and_loses_nothing(instances, database_on_disk):
    database, disk = database_on_disk
    service = instances(database)
    study = create(service)
    with Crowd([service.url], service.token, study) as crowd:
        harness.wait_until(lambda: len(crowd.told) > 20, "20 trials")
        ballast = fill(disk)
        harness.wait_until(
            lambda: crowd.alive() and crowd.refused > 3, "a few 503"
        )
        ballast.unlink()
        target = len(crowd.told) + 20
        harness.wait_until(
            lambda: crowd.alive() and len(crowd.told) > target, "20 more"
        )
        crowd.leave()
    check(service, study, crowd)
    assert service.terminate() == 0


# ---- a wire that breaks in the middle of a commit ---------------------------


def ask_through(service, study: str, key: str) -> dict:
    """Ask once; return the trial, or None after a 503."""
    headers = {"Idempotency-Key": key}
    answer = service.api("POST", f"/studies/{study}/ask", {}, headers)
    if answer.status == 503:
        assert answer.headers["Retry-After"]
        return None
    assert answer.status == 200, answer.text
    return answer.json["trials"][0]


# The answer to a commit is 16 bytes and 6 more that end it, those before belong
# to the statements before; the request is 14 bytes, then 20 to run it.
@pytest.mark.parametrize("where, keeps", [
    (ANSWER, range(-6, 24)), (REQUEST, range(-6, 36, 2)),
], ids=["answer", "request"])
def test_a_commit_cut_at_any_byte_happens_once(
    instances, postgres_database, where, keeps
):
    direct = instances(postgres_database)
    study = create(direct)
    proxy = LossyProxy(postgres_database)
    doubts = 0
    try:
        service = instances(proxy.url, token=direct.token)
        for i, keep in enumerate(keeps):
            key = uuid.uuid4().hex
            proxy.arm(where, keep)
            first = ask_through(service, study, key)
            doubts += first is None
            again = harness.wait_until(
                lambda key=key: ask_through(service, study, key), "an answer"
            )
            assert first in (None, again), f"cut after {keep}"
            assert again["number"] == i, f"cut after {keep}"
            assert len(trials_of(direct, study)) == i + 1, f"cut after {keep}"
        assert proxy.cuts == len(keeps)
        assert doubts > len(keeps) // 2, "the test tested nothing"
        service.close()
    finally:
        proxy.close()


# ---- no memory --------------------------------------------------------------


@pytest.mark.skipif(library() is None, reason="sanitizers have a malloc of "
                    "their own")
def test_an_allocation_that_fails_loses_nothing(instances, database, tmp_path):
    hunger = Hunger(library(), tmp_path)
    service = instances(database, environment=hunger.environment)
    starved = Starved(service, hunger)
    stride = 61 if database.startswith("sqlite:") else 97
    first = random.Random(drawn_seed()).randrange(1, stride)
    for n in itertools.count(first, stride):
        if not starved.round(n):
            break
    starved.check()
    assert starved.fired > 5
