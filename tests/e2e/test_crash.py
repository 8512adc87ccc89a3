# SPDX-License-Identifier: GPL-3.0-or-later
"""test_crash.py - kill -9 anything: nothing acknowledged is lost

Also: two services on one database behave as one, and the traps of a store - an
answer to COMMIT that never arrives, a stranger who holds SQLite's write lock.
"""

import multiprocessing
import random
import sqlite3
import subprocess
import sys
import time
import uuid
from pathlib import Path

import httpx
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "faults"))
import harness  # noqa: E402
from crowd import Crowd, check, definition, trials_of, value_of  # noqa: E402
from lossy_proxy import LossyProxy  # noqa: E402

KILLS = 3


def create(service, **fields) -> str:
    """Create a study; return its id."""
    answer = service.api("POST", "/studies", definition("crash", **fields))
    assert answer.status == 201, answer.text
    return answer.json["id"]


def work_on(crowd: Crowd, trials: int) -> None:
    """Wait until the crowd has told that many more trials."""
    target = len(crowd.told) + trials
    harness.wait_until(
        lambda: crowd.alive() and len(crowd.told) >= target,
        f"{target} trials",
    )


# ---- kill -9 ----------------------------------------------------------------


def test_kill_9_of_the_service_loses_nothing_acknowledged(instances, database):
    service = instances(database)
    study = create(service)
    with Crowd([service.url], service.token, study) as crowd:
        for _ in range(KILLS):
            work_on(crowd, random.randint(10, 40))
            time.sleep(random.uniform(0, 0.01))  # a random moment
            service.kill()
            service.restart()
        work_on(crowd, 10)
        crowd.leave()
    assert crowd.interrupted >= KILLS
    check(service, study, crowd)
    assert service.terminate() == 0


def postgres_script(command: str, directory: Path) -> None:
    """Run a command of tests/postgres.sh on a cluster."""
    script = harness.ROOT / "tests" / "postgres.sh"
    subprocess.run([script, command, directory], check=True, timeout=60)


@pytest.fixture
def mortal_postgres(tmp_path_factory):
    """A cluster of this test alone, and its directory."""
    directory = tmp_path_factory.mktemp("mortal")
    yield harness.start_cluster(directory), directory
    harness.stop_cluster(directory)


def test_kill_9_of_postgresql_makes_503_and_no_duplicates(
    instances, mortal_postgres
):
    cluster, directory = mortal_postgres
    service = instances(cluster.create())
    study = create(service)
    with Crowd([service.url], service.token, study) as crowd:
        for _ in range(2):
            work_on(crowd, random.randint(10, 40))
            time.sleep(random.uniform(0, 0.01))  # a random moment
            refused = crowd.refused
            postgres_script("kill9", directory)
            harness.wait_until(
                lambda seen=refused: crowd.alive() and crowd.refused > seen,
                "a 503",
            )
            postgres_script("restart", directory)
        work_on(crowd, 10)
        crowd.leave()
    check(service, study, crowd)
    assert service.terminate() == 0


# ---- two services, one database ---------------------------------------------


@pytest.fixture
def pair(instances, postgres_database):
    """Two services on one PostgreSQL database, with one token."""
    first = instances(postgres_database)
    return first, instances(postgres_database, token=first.token)


def race(url, token, study, barrier, answers) -> None:
    """Ask as soon as everyone is ready; one process of the race."""
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=url, headers=headers, timeout=60) as client:
        client.get("/healthz")  # the connection is there before the start
        barrier.wait(60)
        answer = client.post("/api/v1/ask", json={"study": study})
        answers.put((answer.status_code, answer.json()))


def test_eight_processes_that_ask_first_at_once_make_one_study(pair):
    fork = multiprocessing.get_context("fork")
    for round_number in range(3):
        study = definition(f"race {round_number}")
        barrier, answers = fork.Barrier(8), fork.Queue()
        processes = [
            fork.Process(
                target=race,
                args=(pair[i % 2].url, pair[0].token, study, barrier, answers),
            )
            for i in range(8)
        ]
        for process in processes:
            process.start()
        got = [answers.get(timeout=60) for _ in processes]
        for process in processes:
            process.join(60)
        assert [status for status, _ in got] == [200] * 8, got
        assert len({answer["study_id"] for _, answer in got}) == 1
        numbers = [answer["trials"][0]["number"] for _, answer in got]
        assert sorted(numbers) == list(range(8))


def test_two_services_share_a_crowd(pair):
    study = create(pair[0])
    urls = [one.url for one in pair]
    with Crowd(urls, pair[0].token, study) as crowd:
        work_on(crowd, 100)
        crowd.leave()
    for one in pair:
        check(one, study, crowd)


def one_trial(service, study: str) -> dict:
    """Ask and tell once; return the trial that was asked."""
    asked = service.api("POST", f"/studies/{study}/ask", {})
    assert asked.status == 200, asked.text
    trial = asked.json["trials"][0]
    told = service.api(
        "POST",
        f"/studies/{study}/trials/{trial['number']}/tell",
        {"value": value_of(trial["params"])},
    )
    assert told.status == 200, told.text
    return trial


@pytest.mark.parametrize("sampler", ["random", "tpe"])
def test_two_services_suggest_what_one_would(pair, sampler):
    studies = []
    for name in ("alone", "alternating"):
        body = {**definition(name, sampler, seed=11)}
        studies.append(pair[0].api("POST", "/studies", body).json["id"])
    for i in range(30):
        alone = one_trial(pair[0], studies[0])
        shared = one_trial(pair[i % 2], studies[1])
        for field in ("number", "params", "seen_revision"):
            assert shared[field] == alone[field], f"{field} of trial {i}"


def test_a_tell_to_one_service_is_visible_at_the_other_at_once(pair):
    study = create(pair[0], sampler="tpe")
    best = None
    for i in range(20):
        trial = one_trial(pair[i % 2], study)
        value = value_of(trial["params"])
        best = value if best is None else min(best, value)
        other = pair[1 - i % 2]
        seen = other.api("GET", f"/studies/{study}/trials/{trial['number']}")
        assert seen.json["state"] == "complete"
        assert seen.json["values"] == [value]
        found = other.api("GET", f"/studies/{study}/best").json["trial"]
        assert found["values"] == [best]
        assert len(trials_of(other, study)) == i + 1


# ---- traps ------------------------------------------------------------------


def test_a_lost_answer_to_commit_gives_the_same_trial_on_retry(
    instances, postgres_database
):
    direct = instances(postgres_database)
    study = create(direct)
    proxy = LossyProxy(postgres_database)
    try:
        service = instances(proxy.url, token=direct.token)
        in_doubt = 0
        for i in range(6):
            headers = {"Idempotency-Key": uuid.uuid4().hex}

            def ask(headers=headers):
                path = f"/studies/{study}/ask"
                return service.api("POST", path, {}, headers)

            proxy.arm()
            status = ask().status
            assert status in (200, 503)
            stored = len(trials_of(direct, study))
            in_doubt += status == 503 and stored == i + 1
            answers = []
            for _ in range(2):
                harness.wait_until(
                    lambda: answers.append(ask()) or answers[-1].status == 200,
                    "an answer",
                )
            first, again = (a.json["trials"] for a in answers if a.status == 200)
            assert first == again
            assert first[0]["number"] == i
            assert len(trials_of(direct, study)) == i + 1
        assert proxy.cuts >= 1
        assert in_doubt >= 1, "no ask was in doubt: the test tested nothing"
        service.close()
    finally:
        proxy.close()


def test_a_stranger_with_sqlites_write_lock_delays_but_loses_nothing(
    instances, sqlite_database
):
    service = instances(sqlite_database)
    study = create(service)
    path = sqlite_database.removeprefix("sqlite:")
    with Crowd([service.url], service.token, study) as crowd:
        work_on(crowd, 10)
        stranger = sqlite3.connect(path, isolation_level=None, timeout=30)
        stranger.execute("BEGIN IMMEDIATE")
        told = len(crowd.told)
        time.sleep(2)  # how long the lock is held is the test
        during = len(crowd.told) - told
        stranger.execute("ROLLBACK")
        stranger.close()
        work_on(crowd, 10)
        crowd.leave()
    # Each client may have had one tell under way that was already committed.
    assert during <= 8, "told while another process held the lock"
    check(service, study, crowd)
    assert service.terminate() == 0


def test_a_lost_answer_to_commit_brings_no_trial_twice(
    instances, postgres_database
):
    direct = instances(postgres_database)
    study = create(direct)
    proxy = LossyProxy(postgres_database)
    try:
        service = instances(proxy.url, token=direct.token)
        in_doubt = 0
        for i in range(6):
            body = {"trials": [{"id": f"{i} {k}", "params": {}}
                               for k in range(20)]}

            def bring(body=body):
                return service.api("POST", f"/studies/{study}/trials", body)

            proxy.arm()
            status = bring().status
            assert status in (201, 503)
            stored = len(trials_of(direct, study))
            in_doubt += status == 503 and stored == 20 * (i + 1)
            answers = []
            harness.wait_until(
                lambda: answers.append(bring()) or answers[-1].status < 300,
                "an answer",
            )
            numbers = [t["number"] for t in answers[-1].json["trials"]]
            assert numbers == list(range(20 * i, 20 * (i + 1)))
            assert len(trials_of(direct, study)) == 20 * (i + 1)
        assert proxy.cuts >= 1
        assert in_doubt >= 1, "no call was in doubt: the test tested nothing"
        service.close()
    finally:
        proxy.close()
