# SPDX-License-Identifier: GPL-3.0-or-later
"""test_figures.py - the README shows the figures that are stored"""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "bench"))
import figures  # noqa: E402

FEW = {
    "machine": "2 CPUs (X), 4 GiB, ext4, Linux 6",
    "date": "2026-01-31",
    "versions.postgresql": "15.1",
    "sqlite.tpe.1000.hot.32.cycles_per_s": 12345.6,
    "sqlite.tpe.1000.hot.32.ask_p50_ms": 1.2345,
    "sqlite.tpe.1000.hot.32.ask_p99_ms": 10.96,
    "sqlite.tpe.1000.hot.32.over_peer": 411.5,
    "peer.tpe.1000.hot.32.cycles_per_s": 30.0,
    "sqlite.commit.1.per_s": 987.6,
}


def test_readme_equals_what_the_stored_figures_make():
    readme = (ROOT / "README.md").read_text()
    assert figures.current(readme) == figures.section(figures.load())


def test_rewrite_changes_only_what_stands_between_the_markers():
    readme = f"# A\n{figures.BEGIN}\nold\n{figures.END}\n## B\n"
    written = figures.rewrite(readme, {"http": FEW})
    assert written.startswith(f"# A\n{figures.BEGIN}\n")
    assert written.endswith(f"{figures.END}\n## B\n")
    assert "old" not in written
    assert figures.current(written) == figures.section({"http": FEW})
    assert figures.rewrite(written, {"http": FEW}) == written


def test_http_section_names_the_machine_the_date_and_the_versions():
    text = figures.section({"http": FEW})
    assert FEW["machine"] in text
    assert "2026-01-31; postgresql 15.1." in text


def test_http_section_rounds_to_three_digits_and_marks_what_is_missing():
    text = figures.section({"http": FEW})
    assert (
        "| SQLite, tpe, one study of 1000 trials | – | – | 12,300 | – |"
        " 1.23 / 11.0 | – / – |" in text
    )
    assert "988 (SQLite), – (PostgreSQL" in text


def test_http_section_compares_with_the_peer():
    text = figures.section({"http": FEW})
    assert (
        "| tpe, 1000 trials at the start | 30.0 | – (– times) |"
        " 12,300 (412 times) |" in text
    )


def test_quality_section_compares_ranks_and_counts():
    base = "ratio.held_out.w16.gp.optuna-gp.n50"
    text = figures.section(
        {
            "quality": {
                f"{base}.ratio": 0.4321,
                f"{base}.low": 0.2,
                f"{base}.high": 0.91,
                f"{base}.wins": 0.75,
                "rank.all.w1.floats.gp.n100": 1.5,
                "rank.all.w1.floats.n100.studies": 35,
                "regret.branin2.w1.gp.n100": 1.234e-05,
                "studies.optuna-gp": 15,
                "versions.optuna": "5.0.0",
            }
        }
    )
    assert (
        "| `gp` / Optuna GP, 16 workers, held out | – |"
        " 0.432 [0.2, 0.91] 75 % | – | – |" in text
    )
    assert "| `gp` | – | – | 1.50 | – |\n| studies | – | – | 35 | – |" in text
    assert "| branin2 | 1.23e-05 |" in text
    assert "Studies: Optuna GP 15." in text and "optuna 5.0.0" in text


def test_ask_section_shows_the_fit_in_brackets_and_the_memory():
    text = figures.section(
        {
            "ask": {
                "gp.d5.n100.ask_ms": 1.234,
                "gp.d5.n100.fit_ms": 7.5,
                "optuna-gp.d5.n1000.ask_ms": 2780,
                "random.d5.n10000.bytes": 232,
            }
        }
    )
    assert "| `gp`, d = 5 | 1.23 (7.50) | – |" in text
    assert "| Optuna GP, d = 5 | – | 2,780 |" in text
    assert "A trial takes 232 bytes with 5 parameters in a history" in text


def test_prune_section_marks_what_nobody_beats():
    text = figures.section(
        {
            "prune": {
                "seeds": 5,
                "cumae.nop.16.saved": 0,
                "cumae.nop.16.regret": 0,
                "cumae.asha.factor4.16.saved": 80,
                "cumae.asha.factor4.16.regret": 1.25,
                "cumae.asha.factor4.16.mean_regret": 2,
                "cumae.asha.factor4.16.folds.saved": 70,
                "cumae.asha.factor4.16.folds.regret": 0,
                "optuna.halving.16.saved": 79,
                "optuna.halving.16.regret": 1.5,
                "paired.asha.16.saved": 1,
                "unmatched.16": 1,
                "unmatched.16.names": "halving",
            }
        }
    )
    assert "| percent | 16 workers: saved | regret | mean | folds |" in text
    assert (
        "| `asha`, factor4 | **80.0** | **1.2** | 2.0 | 70.0 / 0.0 |" in text
    )
    assert "| Optuna `halving` | 79.0 | 1.5 | – | – / – |" in text
    assert "| `nop` | **0.0** | **0.0** | – | – / – |" in text
    assert "medians over 5 seeds" in text
    assert "| `paired" not in text and "paired`" not in text
    assert "over the seeds: Optuna `halving` with 16 workers." in text


def test_other_benchmarks_get_a_plain_table():
    text = figures.section({"other": {"date": "d", "regret.tpe": 0.01234}})
    assert "### Other" in text
    assert "| `regret.tpe` | 0.0123 |" in text


@pytest.mark.parametrize(
    "value, text",
    [(0, "0"), (0.5, "0.5"), (1, "1.00"), (999.6, "1,000"), (54321, "54,300")],
)
def test_numbers_have_three_significant_digits(value, text):
    assert figures.number(value) == text


def test_no_stored_figures_make_a_section_that_says_so():
    assert "No figures are stored" in figures.section({})
