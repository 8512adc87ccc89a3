# SPDX-License-Identifier: GPL-3.0-or-later
"""test_python_scan.py - scans of the Python client against the real service"""

import os
import subprocess
import sys

import cumae
import harness
import pytest

GRID = {"a": cumae.Int(0, 3), "b": cumae.Categorical(["x", "y"])}
POINTS = [{"id": f"p{i}", "params": {"m": 100 * i}, "meta": {"i": i}}
          for i in range(1, 6)]


@pytest.fixture
def client(service):
    with cumae.Client(service.url, service.token, patience_s=30.0) as one:
        yield one


def test_every_cell_of_a_grid_is_run_once_per_replica(client):
    scan = cumae.Scan("grid", GRID, replicas=2, client=client)
    for trial in scan.work():
        with trial:
            trial.value = trial["a"]
    results = scan.results()
    cells = {(row["a"], row["b"], row["replica"]) for row in results}
    assert len(results) == len(cells) == 16
    assert all(row["value"] == row["a"] for row in results)
    assert scan.info()["state"] == "finished"
    assert scan.missing() == scan.failed() == []
    assert scan.progress() == {
        "points": 8, "replicas": 2, "runs": 16, "complete": 16, "running": 0,
        "queued": 0, "failed": 0, "missing": 0, "attempts": 16}


def test_points_of_a_list_keep_their_names_and_what_they_told(client):
    scan = cumae.Scan("list", points=POINTS, value="CLs", client=client)
    again = cumae.Scan("list", points=POINTS, value="CLs", client=client)
    assert again.id == scan.id and scan.progress()["points"] == 5
    for trial in scan.work():
        with trial:
            assert trial.meta == {"i": int(trial.point_id[1:])}
            trial.tell(0.1, outputs={"band": [1, 2, 3]})
    rows = scan.results()
    assert [row["id"] for row in rows] == [f"p{i}" for i in range(1, 6)]
    assert rows[0]["m"] == 100 and rows[0]["CLs"] == 0.1
    assert rows[0]["band"] == [1, 2, 3] and rows[0]["meta"] == {"i": 1}
    assert scan.add_points([{"params": {"m": 150}}, POINTS[0]]) == [5, 0]
    assert [run["params"] for run in scan.missing()] == [{"m": 150}]


def test_outputs_alone_are_a_result(client):
    scan = cumae.Scan("outputs", {"a": cumae.Int(1, 2)}, client=client)
    for trial in scan.work():
        with trial:
            trial.outputs = {"double": 2 * trial["a"]}
    assert [row["double"] for row in scan.results()] == [2, 4]
    assert [row["value"] for row in scan.results()] == [None, None]


def test_what_raises_is_run_again_and_listed_when_it_never_works(client):
    scan = cumae.Scan(
        "raises", {"a": cumae.Int(0, 3)}, max_attempts=2, client=client)
    raised = []
    for trial in scan.work():
        with trial:
            once = trial["a"] == 1 and not raised
            if trial["a"] == 3 or once:
                raised.append(trial["a"])
                raise RuntimeError("no convergence")
            trial.value = 1
    assert sorted(raised) == [1, 3, 3]
    failed, = scan.failed()
    assert failed["params"] == {"a": 3} and len(failed["numbers"]) == 2
    assert "no convergence" in failed["error"]
    assert sorted(row["a"] for row in scan.results()) == [0, 1, 2]
    assert scan.rerun() and scan.info()["state"] == "running"


def test_a_machine_where_everything_fails_stops_early(client):
    scan = cumae.Scan("broken", {"a": cumae.Int(0, 99)}, client=client)
    with pytest.raises(OSError):
        for trial in scan.work(max_failures=3):
            with trial:
                raise OSError("no space left on device")
    progress = scan.progress()
    assert progress["attempts"] == 3 and progress["failed"] == 0


def test_results_become_a_dataframe(client):
    pytest.importorskip("pandas")
    scan = cumae.Scan("frame", {"a": cumae.Int(1, 3)}, client=client)
    for trial in scan.work():
        with trial:
            trial.tell(trial["a"] ** 2, outputs={"t": 0.5})
    frame = scan.results().dataframe()
    assert list(frame["value"]) == [1, 4, 9] and list(frame["t"]) == [0.5] * 3


def test_the_example_is_run_by_several_workers(service):
    environment = {**os.environ, "CUMAE_URL": service.url,
                   "CUMAE_TOKEN": service.token}
    example = harness.ROOT / "client" / "examples" / "scan.py"
    workers = [
        subprocess.Popen([sys.executable, str(example)], env=environment,
                         stdout=subprocess.PIPE, text=True)
        for _ in range(3)]
    said = [worker.communicate(timeout=120)[0] for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0, 0]
    # m2 below m1 - 100: 1 + 2 + 3 + 4 + 5 points
    assert any("15 of 15 runs are complete, 0 failed" in one for one in said)
    assert "C1N2_150_0     CLs 0.0000  excluded" in said[-1]
