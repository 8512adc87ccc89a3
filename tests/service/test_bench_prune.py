# SPDX-License-Identifier: GPL-3.0-or-later
"""test_bench_prune.py - replayed curves and the driver of our pruners"""

import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "bench"))
import bench_prune  # noqa: E402
import replay  # noqa: E402

BUILD = Path(os.environ.get("CUMAE_BUILD", ROOT / "build" / "release"))
DRIVER = BUILD / "tests" / "bench" / "prune"


def study(workers=3, task="boost", seed=1):
    """Return a study of recorded curves."""
    return replay.Study.of(
        replay.Cell(task, workers, seed), replay.curves(task)
    )


@pytest.mark.parametrize("task", replay.TASKS)
def test_the_recorded_curves_are_complete(task):
    curves = replay.curves(task)
    assert len(curves) >= 100
    assert {len(curve) for curve in curves} == {40}
    values = [replay.final(task, curve) for curve in curves]
    assert 0 <= min(values) < max(values)


@pytest.mark.parametrize("workers", [1, 16])
def test_nothing_is_saved_and_nothing_lost_without_a_pruner(workers):
    score = replay.run_all([study(workers)], lambda asked: [False] * len(asked))
    assert score == [{"saved": 0, "regret": 0}]


def test_each_report_comes_once_in_order_from_no_more_than_the_workers():
    seen, running = {}, set()

    def decide(asked):
        for _, (number, step, value, end) in asked:
            assert step == seen.get(number, 0) + 1
            assert value == one.drawn[number][step - 1]
            seen[number] = step
            running.add(number)
            assert len(running) <= 16
            if end is not None:
                running.remove(number)
        return [False] * len(asked)

    one = study(16)
    replay.run_all([one], decide)
    assert seen == {number: 40 for number in range(replay.TRIALS)}


def test_stopping_all_at_once_saves_all_but_one_epoch_and_finds_nothing():
    (score,) = replay.run_all([study(2)], lambda asked: [True] * len(asked))
    assert score["saved"] == pytest.approx(39 / 40)
    assert score["regret"] == 1


def test_the_driver_answers_like_the_rule():
    # Whatever is above the bound at step 10 or later is stopped.
    one = study()
    bound = one.bound()
    ours = bench_prune.ours(DRIVER, [one.cell], ["nop", "threshold"])
    by_rule = replay.run_all(
        [one],
        lambda asked: [
            step >= 10 and value > bound for _, (_, step, value, _) in asked
        ],
    )
    assert ours["nop"] == [{"saved": 0, "regret": 0}]
    assert ours["threshold"] == by_rule
    assert by_rule[0]["saved"] > 0


def test_the_driver_gives_the_same_answers_again():
    cells = [replay.Cell("cancer", w, 3) for w in (1, 16)]
    names = ["hyperband", "extrapolate"]
    first = bench_prune.ours(DRIVER, cells, names)
    assert bench_prune.ours(DRIVER, cells, names) == first
