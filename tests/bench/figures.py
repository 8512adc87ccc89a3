# SPDX-License-Identifier: GPL-3.0-or-later
"""figures.py - the README's performance section from the stored figures

Usage: figures.py README.md

tests/bench/figures/*.json are copies of what the benchmarks wrote to
build/bench: one flat object of named numbers each, with `machine`, `date` and
`versions.*`. The section stands between two marker lines; a test keeps it equal
to what section() makes, so no number in the README was typed by hand.
"""

import json
import re
import sys
from pathlib import Path

import figures_limits
import figures_optimizers
import figures_prune
from figures_text import number, origin, rows

STORED = Path(__file__).resolve().parent / "figures"
BEGIN, END = "<!-- performance -->", "<!-- /performance -->"
CLIENTS = (1, 8, 32, 128)
DATABASES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


def load(directory: Path = STORED) -> dict:
    """Return the stored figures by benchmark name."""
    return {
        path.stem: json.loads(path.read_text())
        for path in sorted(directory.glob("*.json"))
    }


def section(stored: dict) -> str:
    """Return what stands between the markers, with a blank line around."""
    parts = [
        SECTIONS.get(name, plain)(name, figures)
        for name, figures in sorted(stored.items())
    ]
    text = "\n\n".join(parts) or "No figures are stored: `make bench figures`."
    return f"\n{text}\n\n"


def rewrite(readme: str, stored: dict) -> str:
    """Return a README with a new performance section."""
    before, rest = readme.split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    return f"{before}{BEGIN}\n{section(stored)}{END}{after}"


def current(readme: str) -> str:
    """Return what stands between the markers of a README."""
    return readme.split(BEGIN + "\n", 1)[1].split(END, 1)[0]


# ---- sections ---------------------------------------------------------------


def plain(name: str, figures: dict) -> str:
    """Return a section that simply lists the figures."""
    lines = [
        [f"`{key}`", number(value)]
        for key, value in sorted(figures.items())
        if isinstance(value, (int, float))
    ]
    return (
        f"### {name.replace('_', ' ').capitalize()}\n\n{origin(figures)}\n\n"
        + rows(["figure", "value"], lines)
    )


def http(_: str, figures: dict) -> str:
    """Return the section on ask and tell over HTTP."""
    return "\n\n".join(
        [
            "### Ask and tell over HTTP",
            "One cycle is an ask and a tell, each durably committed before it"
            " is answered. Load generator, service and database share the"
            f" machine: {origin(figures)}",
            http_rates(figures),
            http_commits(figures),
            http_peer(figures),
        ]
    )


def http_rates(figures: dict) -> str:
    """Return the table of cycles per second and latencies."""
    pattern = re.compile(
        r"(sqlite|postgresql)\.(\w+)\.(\d+)\.(hot|spread)\.\d+(\.p\d+)?"
        r"\.cycles_per_s"
    )
    found = {m.groups() for m in map(pattern.fullmatch, figures) if m}
    order = sorted(
        found,
        key=lambda g: (g[0] != "sqlite", g[1], int(g[2]), g[3], g[4] or ""),
    )
    lines = []
    for database, sampler, trials, shape, wide in order:
        prefix = f"{database}.{sampler}.{trials}.{shape}"
        study = "one study" if shape == "hot" else "8 studies"
        study += f" of {trials} trials" if trials != "0" else ", empty"
        study += f", {wide[2:]} parameters" if wide else ""

        def get(clients, figure, prefix=prefix, wide=wide):
            return number(figures.get(f"{prefix}.{clients}{wide or ''}.{figure}"))

        lines.append(
            [f"{DATABASES[database]}, {sampler}, {study}"]
            + [get(clients, "cycles_per_s") for clients in CLIENTS]
            + [
                f"{get(32, f'{call}_p50_ms')} / {get(32, f'{call}_p99_ms')}"
                for call in ("ask", "tell")
            ]
        )
    head = [f"{c} client{'s' if c > 1 else ''}" for c in CLIENTS]
    head += ["ask p50 / p99 ms at 32", "tell p50 / p99 ms at 32"]
    return rows(["cycles per second", *head], lines)


def http_commits(figures: dict) -> str:
    """Return the sentence on the bare databases."""

    def rate(name):
        return number(figures.get(f"{name}.per_s"))

    return (
        "In the same run the bare databases made"
        f" {rate('sqlite.commit.1')} (SQLite),"
        f" {rate('postgresql.commit.1')} (PostgreSQL, one connection) and"
        f" {rate('postgresql.commit.16')} (16 connections) durable commits of"
        " one row per second; a cycle is two."
    )


def http_peer(figures: dict) -> str:
    """Return the table that compares with the peer."""
    lines = []
    for name in figures:
        match = re.fullmatch(r"peer\.(\w+)\.(\d+)\.hot\.32\.cycles_per_s", name)
        if not match:
            continue
        cell = f"{match.group(1)}.{match.group(2)}.hot.32"
        line = [f"{match.group(1)}, {match.group(2)} trials at the start"]
        line += [number(figures[name])]
        for database in ("postgresql", "sqlite"):
            rate = figures.get(f"{database}.{cell}.cycles_per_s")
            times = figures.get(f"{database}.{cell}.over_peer")
            line += [f"{number(rate)} ({number(times)} times)"]
        lines.append(line)
    return (
        "The peer is a service as a good team would write it in Python"
        " (`tests/bench/peer_hopaas`): FastAPI with two workers, Optuna,"
        " PostgreSQL. 32 clients on one study:\n\n"
        + rows(
            ["cycles per second", "peer", "Cumae, PostgreSQL", "Cumae, SQLite"],
            lines,
        )
    )


SECTIONS = {
    "ask": figures_optimizers.ask,
    "http": http,
    "limits": figures_limits.limits,
    "prune": figures_prune.prune,
    "quality": figures_optimizers.quality,
}


def main(arguments: list) -> None:
    """Rewrite the section in a README."""
    if len(arguments) != 1:
        sys.exit("usage: figures.py README.md")
    path = Path(arguments[0])
    path.write_text(rewrite(path.read_text(), load()))


if __name__ == "__main__":
    main(sys.argv[1:])
