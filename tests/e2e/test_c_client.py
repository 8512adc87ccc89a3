# SPDX-License-Identifier: GPL-3.0-or-later
"""test_c_client.py - the examples in C against the real service"""

import os
import subprocess
import sys
from pathlib import Path

import harness
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "faults"))
from lossy_http import LossyHttp  # noqa: E402

TRIALS = 60  # the budget of the example


def start(url, token, name="sphere"):
    """Start one worker."""
    example = harness.binary().parent / "examples" / name
    assert example.exists(), f"{example} is not built: make examples"
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ("CUMAE_URL", "CUMAE_TOKEN", "http_proxy")
    }
    for name, value in (("CUMAE_URL", url), ("CUMAE_TOKEN", token)):
        if value is not None:
            environment[name] = value
    return subprocess.Popen(
        [example], env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )


def finish(worker):
    """Wait for the worker's end; return its status, trials and last words."""
    out, words = worker.communicate(timeout=harness.PATIENCE_S)
    return worker.returncode, out.splitlines(), words.strip()


@pytest.fixture
def site(instances, sqlite_database):
    """A ready service with an empty database."""
    return instances(sqlite_database)


def the_study(site):
    """Return the only study."""
    (study,) = site.api("GET", "/studies").json["studies"]
    return study


def test_workers_share_the_study_until_its_budget_is_used(site):
    workers = [start(site.url, site.token) for _ in range(3)]
    ends = [finish(worker) for worker in workers]
    assert [status for status, _, _ in ends] == [0, 0, 0], ends
    assert all("no trial: " in words for _, _, words in ends)
    numbers = [
        int(line.split()[1].rstrip(":")) for _, out, _ in ends for line in out
    ]
    assert sorted(numbers) == list(range(TRIALS))
    counts = the_study(site)["trials"]
    assert counts["complete"] + counts["pruned"] == TRIALS
    assert counts["complete"] > 0
    # With n = 2 right by luck once in 5, the best of 60 random trials would
    # nearly always be below 3; TPE does far better.
    assert the_study(site)["best"]["value"] < 3


def test_reports_arrive_with_their_steps(site):
    status, _, words = finish(start(site.url, site.token))
    assert status == 0, words
    study = the_study(site)["id"]
    first = site.api("GET", f"/studies/{study}/trials/0").json
    assert [report["step"] for report in first["reports"]] == list(range(1, 10))
    # From one step to the next the example's loss falls by 4 / 10.
    losses = [report["value"] for report in first["reports"]]
    losses += first["values"]
    falls = [a - b for a, b in zip(losses, losses[1:])]
    assert falls == pytest.approx([0.4] * 9)


def test_a_result_has_values_and_constraints(site):
    status, _, words = finish(start(site.url, site.token, "front"))
    assert status == 0, words
    study = the_study(site)
    trials = site.api("GET", f"/studies/{study['id']}/trials").json["trials"]
    assert len(trials) == TRIALS
    states = set()
    for trial in trials:
        width, height = trial["params"]["width"], trial["params"]["height"]
        ratio = height / width
        assert trial["values"] == pytest.approx(
            [width * height, width * height**3 / 12])
        assert trial["constraints"] == pytest.approx({"ratio": ratio})
        assert trial["state"] == ("infeasible" if ratio > 4 else "complete")
        states.add(trial["state"])
    assert states == {"complete", "infeasible"}


def next_line(worker):
    """Return the numbers in the next line of the worker: trial A of B."""
    words = worker.stdout.readline().split()
    return int(words[1]), int(words[3])


def test_a_preempted_worker_hands_its_trial_back(site):
    first = start(site.url, site.token, "preempted")
    assert next_line(first) == (0, -1)
    first.terminate()
    status, _, words = finish(first)
    assert status == 0, words
    study = the_study(site)["id"]
    trial = site.api("GET", f"/studies/{study}/trials/0").json
    assert trial["state"] == "lost"
    assert trial["error"] == "handed back: SIGTERM"
    assert trial["meta"] == {"checkpoint": "/scratch/0"}
    second = start(site.url, site.token, "preempted")
    assert next_line(second) == (1, 0)
    second.terminate()
    assert finish(second)[0] == 0


def test_a_job_gets_no_trial_that_it_cannot_finish(site):
    first = start(site.url, site.token, "preempted")
    first.stdout.readline()
    study = the_study(site)["id"]
    for _ in range(3):
        trial, = site.api("POST", f"/studies/{study}/ask", {}).json["trials"]
        path = f"/studies/{study}/trials/{trial['number']}/tell"
        assert site.api("POST", path, {"value": 1, "wall_s": 5000}).status == 200
    first.terminate()
    finish(first)
    second = start(site.url, site.token, "preempted")
    status, out, words = finish(second)
    assert (status, out) == (0, [])
    assert "no trial: walltime, a trial is expected to take" in words


def test_lost_answers_lose_no_trial_and_make_none_twice(site):
    wire = LossyHttp(site.url, every=7)
    status, out, words = finish(start(wire.url, site.token))
    wire.close()
    assert status == 0, words
    assert wire.cuts > 10
    assert len(out) == TRIALS
    counts = the_study(site)["trials"]
    assert counts["complete"] + counts["pruned"] == counts["total"] == TRIALS


def test_worker_outlives_a_killed_service(site):
    worker = start(site.url, site.token)

    def underway():
        studies = site.api("GET", "/studies").json["studies"]
        return studies and studies[0]["trials"]["total"] > 5

    harness.wait_until(underway, "the first trials")
    site.kill()
    site.restart()
    status, out, words = finish(worker)
    assert status == 0, words
    assert len(out) == TRIALS
    counts = the_study(site)["trials"]
    assert counts["complete"] + counts["pruned"] == counts["total"] == TRIALS


@pytest.mark.parametrize(
    "url, token, says",
    [
        (None, "cum_x", "CUMAE_URL is not set"),
        ("ftp://example.org", "cum_x", "must begin with http"),
        ("SERVICE", None, "CUMAE_TOKEN is not set"),
        ("SERVICE", "cum_x y", "white space"),
        ("SERVICE", "cum_wrong", "token"),
    ],
)
def test_what_is_wrong_is_said(site, url, token, says):
    url = site.url if url == "SERVICE" else url
    status, out, words = finish(start(url, token))
    assert status == 1
    assert out == []
    assert says in words


def test_header_is_plain_cpp_too():
    header = harness.ROOT / "client" / "c" / "cumae.h"
    subprocess.run(
        ["clang++", "-std=c++17", "-Wall", "-Wextra", "-Wpedantic", "-Werror",
         "-fsyntax-only", "-x", "c++", header],
        check=True, timeout=harness.PATIENCE_S,
    )


def test_library_needs_only_libcurl_and_jansson():
    """What it is linked against may not creep in: MIT code under the GPL."""
    library = harness.binary().parent / "libcumae.a"
    symbols = subprocess.run(
        ["nm", "--undefined-only", "-P", library], check=True, text=True,
        capture_output=True,
    ).stdout
    needed = {line.split()[0] for line in symbols.splitlines() if " U" in line}
    assert "curl_easy_perform" in needed and "json_loadb" in needed
    ours = ("error_set", "arena_", "rng_", "space_", "text_", "gsl_", "cblas_")
    assert [name for name in needed if name.startswith(ours)] == []
