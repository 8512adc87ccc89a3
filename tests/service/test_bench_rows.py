# SPDX-License-Identifier: GPL-3.0-or-later
"""test_bench_rows.py - what the benchmark of quality keeps, compares and reads"""

import json
import os
import struct
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "bench"))
import bench_ask  # noqa: E402
import bench_quality  # noqa: E402
import compare  # noqa: E402
import onnx  # noqa: E402
import peers  # noqa: E402
import report  # noqa: E402
import results  # noqa: E402
import simulate  # noqa: E402

BUILD = Path(os.environ.get("CUMAE_BUILD", ROOT / "build" / "release"))
DRIVER = BUILD / "tests" / "bench" / "optimize"
BY_NAME = bench_quality.PROBLEMS


# ---- rows -------------------------------------------------------------------


def row(sampler, seed, regret, problem="branin2", workers=1, version="1"):
    """Return a row whose regret is the same at every budget."""
    return {
        "problem": problem,
        "sampler": sampler,
        "workers": workers,
        "seed": seed,
        "version": version,
        "regrets": [regret] * len(simulate.STEPS),
    }


def test_a_run_goes_on_where_it_was_stopped(tmp_path, capsys):
    settings = {"PROBLEMS": "branin2,bbob_f01_d2", "SEEDS": "0-1", "WORKERS": "1"}
    cells = bench_quality.plan(settings, ["random", "cmaes"])
    assert len(cells) == 8
    path = tmp_path / "ours.jsonl"
    first = bench_quality.Runner(results.Rows(path), DRIVER, settings)
    first.run(cells[:3])
    again = bench_quality.Runner(results.Rows(path), DRIVER, settings)
    assert again.missing(cells) == cells[3:]
    with open(path, "r+") as file:
        file.truncate(path.stat().st_size - 5)
    again = bench_quality.Runner(results.Rows(path), DRIVER, settings)
    assert again.missing(cells) == cells[2:]
    again.run(cells[2:])
    rows = results.Rows(path)
    assert not bench_quality.Runner(rows, DRIVER, settings).missing(cells)
    assert Counter(r["sampler"] for r in rows.all()) == {"random": 4, "cmaes": 4}


def test_another_driver_another_option_or_more_trials_run_again(tmp_path):
    settings = {"PROBLEMS": "branin2", "SEEDS": "0", "WORKERS": "1"}
    cells = bench_quality.plan(settings, ["random"])
    rows = results.Rows(tmp_path / "rows.jsonl")
    quick = bench_quality.Runner(rows, DRIVER, {**settings, "QUICK": "1"})
    quick.run(cells)
    assert not quick.missing(cells)
    full = bench_quality.Runner(rows, DRIVER, settings)
    assert full.missing(cells) == cells
    full.run(cells)
    assert not full.missing(cells)
    other = {**settings, "OPTIONS": "gamma=0.2"}
    assert bench_quality.Runner(rows, DRIVER, other).missing(cells) == cells
    twin = tmp_path / "optimize"
    twin.write_bytes(DRIVER.read_bytes() + b"\0")
    assert bench_quality.Runner(rows, twin, settings).missing(cells) == cells


def test_the_table_of_the_peers_keeps_the_newest_row(tmp_path):
    path = tmp_path / "peers.jsonl.xz"
    assert results.load_table(path) == []
    assert results.store_table([row("a", 0, 2.0), row("a", 1, 3.0)], path) == 2
    assert results.store_table([row("a", 1, 1.0), row("b", 1, 1.0)], path) == 3
    found = {results.key(r): r["regrets"][0] for r in results.load_table(path)}
    assert sorted(found.values()) == [1.0, 1.0, 2.0]


def test_the_coverage_counts_studies_by_family_and_workers():
    rows = [row("a", 0, 1.0), row("a", 1, 1.0), row("b", 0, 1.0, "x", 16)]
    lines = results.coverage(rows, {"branin2": "classic"}).splitlines()
    assert [line.split() for line in lines] == [
        ["studies", "a", "b"],
        ["classic,", "1", "workers", "2"],
        ["other,", "16", "workers", "1"],
    ]


def test_the_stored_rows_of_the_peers_are_of_problems_that_exist():
    stored = results.load_table()
    for found in stored:
        assert found["sampler"] in peers.PEERS
        assert found["version"]
        if not found["problem"].startswith("lcbench"):
            assert found["problem"] in BY_NAME
        assert len(found["regrets"]) >= simulate.length(100)
    assert stored


def test_the_matrix_is_narrowed_by_its_variables():
    def cells(samplers=("tpe",), **settings):
        wanted = {"PROBLEMS": "*", "SEEDS": "0-3", "WORKERS": "1", **settings}
        return bench_quality.plan(wanted, list(samplers))

    assert bench_quality.numbers("0-2,7") == [0, 1, 2, 7]
    names = {c[0].name for c in cells(PROBLEMS="bbob_*_d5,mixed,ackley10")}
    assert len(names) == 24 + 2 + 1
    assert {c[3] for c in cells(PROBLEMS="ackley10", SEEDS="3-4")} == {3, 4}
    assert {c[2] for c in cells(PROBLEMS="ackley10", WORKERS="16")} == {16}
    tuning = cells(HALF="tuning")
    assert all(not c[0].held_out and c[3] % 2 == 0 for c in tuning)
    assert {c[0].family for c in cells(["cmaes"])} == {
        p.family for p in BY_NAME.values() if peers.continuous(p.space)
    }


# ---- statistics -------------------------------------------------------------

FLOORS = {"branin2": 1e-8, "ackley10": 1e-8, "levy8": 1e-8}


def test_ranks_share_ties_and_count_what_all_have():
    table = compare.Table(
        [
            *(row("a", seed, 1.0) for seed in range(3)),
            *(row("b", seed, 2.0) for seed in range(3)),
            *(row("c", seed, value) for seed, value in enumerate((1.0, 3.0))),
        ],
        FLOORS,
    )
    # Seed 0: a and c share 1 and 2, b is third; seed 1: a, b, c. c has no 2.
    assert compare.ranks(table, ["a", "b", "c"], 100) == {
        "studies": 2,
        "ranks": {"a": 1.25, "b": 2.5, "c": 2.25},
    }
    assert compare.ranks(table, ["a", "d"], 100) == {}
    assert list(compare.rank([5.0, 1.0, 1.0, 0.5])) == [4, 2.5, 2.5, 1]


def test_a_ratio_is_the_geometric_mean_of_ratios_of_medians():
    table = compare.Table(
        [
            # Medians 2 and 1, over the seeds that both have: ratio 2.
            *(row("a", seed, v) for seed, v in enumerate((1.0, 2.0, 9.0))),
            *(row("b", seed, 1.0) for seed in range(4)),
            # Ratio 1/8.
            row("a", 0, 1.0, "ackley10"),
            row("b", 0, 8.0, "ackley10"),
            # Both below the floor: 1.
            row("a", 0, 1e-12, "levy8"),
            row("b", 0, 0.0, "levy8"),
            # Only one of them.
            row("a", 0, 1e-12, "levy8", workers=16),
        ],
        FLOORS,
    )
    found = compare.ratio(table, "a", "b", 50)
    assert found["ratio"] == pytest.approx((2 / 8) ** (1 / 3))
    assert (found["cells"], found["runs"]) == (3, 5)
    assert found["wins"] == pytest.approx(0.5)
    assert found["low"] < found["ratio"] < found["high"]
    assert compare.ratio(table, "a", "nobody", 50) == {}


def test_a_short_study_counts_up_to_where_it_goes():
    short = row("a", 0, 1.0)
    short["regrets"] = short["regrets"][: simulate.length(100)]
    table = compare.Table([short, row("b", 0, 1.0)], FLOORS)
    assert compare.ratio(table, "a", "b", 100)["cells"] == 1
    assert compare.ratio(table, "a", "b", 200) == {}


def test_tuning_and_held_out_share_nothing_and_are_all():
    rows = [
        row("a", seed, 1.0, problem)
        for seed in range(4)
        for problem in ("branin2", "levy8")
    ]
    parts = report.halves(compare.Table(rows, FLOORS), BY_NAME)
    found = {
        name: {(c[0], s) for c in part.cells for s in part.cells[c]["a"]}
        for name, part in parts.items()
    }
    assert found["tuning"] == {("branin2", 0), ("branin2", 2)}
    assert found["tuning"] | found["held_out"] == found["all"]
    assert not found["tuning"] & found["held_out"]


def test_the_report_names_what_was_compared(tmp_path, capsys):
    rows = [
        row(sampler, seed, regret, problem)
        for sampler, regret in (
            ("tpe", 0.5), ("optuna-tpe", 1.0), ("random-numpy", 2.0),
        )
        for seed in range(4)
        for problem in ("branin2", "mixed7")
    ]  # fmt: skip
    report.write(rows, BY_NAME, ["tpe"], tmp_path)
    printed = capsys.readouterr().out
    assert "tpe / optuna-tpe" in printed and "0.5 [0.5, 0.5] 100%" in printed
    found = json.loads((tmp_path / "quality.json").read_text())
    assert found["ratio.all.w1.tpe.optuna-tpe.n100.ratio"] == 0.5
    assert found["ratio.held_out.w1.tpe.optuna-tpe.n25.wins"] == 1
    assert found["ratio.mixed.w1.tpe.optuna-tpe.n25.ratio"] == 0.5
    assert found["rank.all.w1.any_space.tpe.n200"] == 1
    assert found["regret.branin2.w1.random-numpy.n50"] == 2
    assert found["studies.tpe"] == 8
    assert "<polyline" in (tmp_path / "quality.svg").read_text()
    assert "branin2 w1" in (tmp_path / "quality.txt").read_text()


# ---- time per ask -----------------------------------------------------------


def test_the_times_of_an_ask_are_read_and_judged():
    program = DRIVER.parent / "ask"
    figures = bench_ask.measure_ours(program, ["random", "tpe"], (100,))
    for d in (5, 20):
        assert figures[f"tpe.d{d}.n100.fit_ms"] > 0
        assert figures[f"random.d{d}.n100.fit_ms"] == 0
        # A history holds at least a point, a unit point and a value.
        assert figures[f"random.d{d}.n100.bytes"] >= (2 * d + 1) * 8
    lines = bench_ask.goals({"tpe.d20.n100.ask_ms": 0.5, "gp.d20.n100.ask_ms": 9})
    assert [line.split(": ")[-1] for line in lines] == ["met", "MISSED"]


# ---- ONNX -------------------------------------------------------------------


def varint(number):
    """Return a variable-length integer of protocol buffers."""
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def field(number, value):
    """Return a field of a message: an integer, or bytes."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    if isinstance(value, str):
        value = value.encode()
    return varint(number << 3 | 2) + varint(len(value)) + value


def test_a_network_is_read_and_evaluated(tmp_path):
    def weights(name, rows):
        array = np.array(rows, np.float32)
        shape = b"".join(field(1, n) for n in array.shape)
        return field(5, shape + field(2, 1) + field(8, name)
                     + field(9, array.tobytes()))  # fmt: skip

    half = field(1, "alpha") + varint(2 << 3 | 5) + struct.pack("<f", 1.0)
    graph = (
        field(1, field(1, "x") + field(1, "w") + field(1, "b") + field(2, "h")
              + field(4, "Gemm") + field(5, half))
        + field(1, field(1, "h") + field(2, "y") + field(4, "Relu"))
        + weights("w", [[1, -1], [2, 3]])
        + weights("b", [0.5, 0])
        + field(12, field(1, "y"))
    )  # fmt: skip
    path = tmp_path / "small.onnx"
    path.write_bytes(field(1, 8) + field(7, graph))
    network = onnx.Network(path)
    # (1, 2) w + b = (1 + 4 + 0.5, -1 + 6); (0, -1) w + b = (-1.5, -3) -> 0.
    found = network.run({"x": np.array([[1, 2], [0, -1]], np.float32)})[0]
    assert found.tolist() == [[5.5, 5.0], [0.0, 0.0]]
