# SPDX-License-Identifier: GPL-3.0-or-later
"""test_demo.py - `make demo`, shortened"""

import os
import re
import subprocess
import sys

import harness

DEMO = harness.ROOT / "client" / "examples" / "demo.py"
RUN_S = 300


def demo(data, *arguments):
    """Run the demo with three workers; return what it printed."""
    command = [sys.executable, DEMO, "--cumaed", harness.binary()]
    command += ["--workers", "3", "--data", data, *map(str, arguments)]
    environment = {
        k: v for k, v in os.environ.items() if not k.startswith("CUMAE_")
    }
    ended = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        timeout=RUN_S, env=environment,
    )
    assert ended.returncode == 0, ended.stdout
    return ended.stdout


def test_the_demo_ends_with_a_good_classifier(database, tmp_path, instances):
    said = demo(tmp_path, "--database", database, "--trials", 6)
    lines = re.findall(r"^trial +(\d+) +(\w+) ", said, re.M)
    assert sorted(int(number) for number, _ in lines) == list(range(6))
    assert {state for _, state in lines} <= {"complete", "pruned"}
    auc = float(re.search(r"^best: trial \d+, AUC ([0-9.]+)$", said, re.M)[1])
    # Boosted trees reach 0.99 on these data, constant guesses 0.5.
    assert 0.95 < auc <= 1.0
    assert re.search(r"^sign in: +http://127.0.0.1:\d+/#code=cuml_", said, re.M)
    study = re.search(r"/#/study/([A-Za-z0-9_-]+)", said)[1]

    token = (tmp_path / "token").read_text().strip()
    again = instances(database, token=token)
    stored = again.api("GET", f"/studies/{study}").json
    assert stored["trials"]["total"] == 6
    assert stored["state"] == "finished"
    assert abs(stored["best"]["value"] - auc) < 1e-5


def test_the_demo_runs_again_on_its_own_database(tmp_path):
    demo(tmp_path, "--trials", 2)
    said = demo(tmp_path, "--trials", 2)
    assert "sign in:" not in said
    assert "\nbest: trial" in said


def test_the_demo_uses_a_service_that_runs(instances, sqlite_database, tmp_path):
    service = instances(sqlite_database)
    said = demo(
        tmp_path, "--url", service.url, "--token", service.token, "--trials", 2
    )
    assert "\nbest: trial" in said
    assert service.api("GET", "/studies").json["studies"][0]["state"] == (
        "finished"
    )
