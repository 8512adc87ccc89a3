# SPDX-License-Identifier: GPL-3.0-or-later
"""test_bench_prune.py - replayed curves and the driver of our pruners"""

import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "bench"))
import bench_prune  # noqa: E402
import paired  # noqa: E402
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


def scores(*pairs):
    """Return scores of (saved, regret) in percent."""
    return [{"saved": a / 100, "regret": b / 100} for a, b in pairs]


def test_a_difference_is_taken_by_seed_over_the_tasks():
    # Seed 0: saved 10 and 0, mean 5; seed 1: 7 and 7. Their mean is 6, their
    # standard error |5 - 7| / 2 = 1. "folds" is not among the tasks.
    cells = [
        replay.Cell(task, 1, seed)
        for seed in (0, 1)
        for task in ("boost", "digits", "folds")
    ]
    ours = scores((20, 0), (10, 0), (99, 0), (17, 2), (17, 2), (99, 0))
    theirs = scores((10, 0), (10, 0), (0, 0), (10, 0), (10, 0), (0, 0))
    found = paired.difference(cells, ours, theirs, ("boost", "digits"))
    assert found["saved"] == pytest.approx((6, 1))
    assert found["regret"] == pytest.approx((1, 1))


def test_a_pruner_is_matched_within_one_error_in_both():
    cells = [replay.Cell("boost", 1, seed) for seed in (0, 1)]
    theirs = {
        "halving": scores((50, 1), (50, 1)),
        "median": scores((60, 1), (60, 1)),
        "patient": scores((51, 0), (51, 0)),
    }
    # saved is 49 and 51: 50 with an error of 1, the regret always 1
    ours = {"asha.factor4": scores((49, 1), (51, 1))}
    figures = paired.compare(cells, ours, theirs, ("boost",))
    assert figures["unmatched.1"] == 2
    assert figures["unmatched.1.names"] == "median patient"
    assert figures["paired.asha.factor4.1.saved"] == pytest.approx(0)
    assert figures["paired.asha.factor4.1.saved_error"] == pytest.approx(1)
