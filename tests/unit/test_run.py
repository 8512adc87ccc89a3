# SPDX-License-Identifier: GPL-3.0-or-later
"""test_run.py - the runner of the tests counts right and misses nothing"""

import os
import pathlib
import re
import subprocess

import pytest

RUN = pathlib.Path(__file__).parents[1] / "run.sh"


@pytest.fixture
def run(tmp_path):
    """run(binaries, modules) -> (status, last line, everything printed).

    binaries  scripts that stand for check binaries, by name
    modules   Python test modules, by name
    """

    def go(binaries, modules=None):
        unit = tmp_path / "build" / "tests" / "unit"
        unit.mkdir(parents=True)
        for name, body in binaries.items():
            (unit / name).write_text("#!/bin/sh\n" + body + "\n")
            (unit / name).chmod(0o755)
        folder = tmp_path / "folder"
        folder.mkdir()
        for name, body in (modules or {}).items():
            (folder / name).write_text(body)
        # A cluster is not needed here: its URL is never used.
        environment = {**os.environ, "CUMAE_BUILD": str(tmp_path / "build"),
                       "CUMAE_TEST_POSTGRES": "postgresql://unused"}
        ended = subprocess.run(
            [RUN, folder], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, env=environment, timeout=120,
        )
        lines = ended.stdout.splitlines()
        return ended.returncode, lines[-1], ended.stdout

    return go


def check(n, failures, errors, status=0):
    percent = 100 * (n - failures - errors) // n
    return (f"echo '{percent}%: Checks: {n}, Failures: {failures},"
            f" Errors: {errors}'; exit {status}")


def test_what_passes_is_summed_up(run):
    status, last, said = run(
        {"test_a": check(3, 0, 0), "test_b": check(4, 0, 0)},
        {"test_c.py": "def test_1(): pass\ndef test_2(): pass\n"},
    )
    assert (status, last) == (0, "9 passed, 0 failed")
    assert re.search(r"unit/test_a +3 passed +0 failed +\d+\.\d s", said)


def test_failures_and_errors_of_check_are_failed(run):
    status, last, said = run({"test_a": "echo why; " + check(9, 2, 1, 1)})
    assert (status, last) == (1, "6 passed, 3 failed")
    assert "    why" in said


def test_a_crash_is_a_failure(run):
    status, last, said = run({"test_a": "kill -SEGV $$"})
    assert (status, last) == (1, "0 passed, 1 failed")
    assert "unit/test_a ended with status 139" in said


def test_a_crash_after_the_summary_is_a_failure(run):
    status, last, _ = run({"test_a": check(3, 0, 0, 70)})
    assert (status, last) == (1, "3 passed, 1 failed")


def test_a_binary_that_says_nothing_is_a_failure(run):
    status, last, _ = run({"test_a": "exit 0"})
    assert (status, last) == (1, "0 passed, 1 failed")


def test_failures_and_errors_of_pytest_are_failed(run):
    module = (
        "import pytest\n"
        "@pytest.fixture\n"
        "def broken(): raise OSError\n"
        "def test_1(): assert False\n"
        "def test_2(broken): pass\n"
        "def test_3(): pass\n"
    )
    status, last, said = run({}, {"test_c.py": module})
    assert (status, last) == (1, "1 passed, 2 failed")
    assert "assert False" in said


def test_a_module_that_cannot_be_imported_is_a_failure(run):
    status, last, _ = run({}, {"test_c.py": "import no_such_module\n"})
    assert (status, last) == (1, "0 passed, 1 failed")


def test_when_nothing_ran_the_run_has_failed(run):
    status, last, _ = run({})
    assert (status, last) == (1, "0 passed, 0 failed")
