# SPDX-License-Identifier: GPL-3.0-or-later
"""results.py - the rows that the benchmark of quality collects

A row is one study: problem, sampler, workers, seed, version, regrets at
simulate.STEPS and the time per ask. Rows are appended to files of JSON lines
as they are made, so that a run that was stopped goes on where it was. Those of
the peers are kept in a compressed table (peers.jsonl.xz).
"""

import json
import lzma
from collections import Counter
from pathlib import Path

HERE = Path(__file__).resolve().parent
TABLE = HERE / "peers.jsonl.xz"
KEY = ("problem", "sampler", "workers", "seed")


def key(row: dict) -> tuple:
    """Return what makes a row unique."""
    return tuple(row[name] for name in KEY)


def parse(text: str) -> list:
    """Return the rows of a text; a line that was cut off is left out."""
    rows = []
    for line in text.splitlines():
        try:
            rows.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return rows


class Rows:
    """Rows by key, in a file that grows; the last one of a key counts."""

    def __init__(self, path: Path):
        self._path = Path(path)
        text = self._path.read_text() if self._path.exists() else ""
        # A line that was cut off must not swallow the next one.
        self._mend = "\n" if text and not text.endswith("\n") else ""
        self._rows = {key(row): row for row in parse(text)}

    def has(self, cell: tuple, version: str = "", length: int = 0) -> bool:
        """Is there a row of this cell, by this version, with such a curve?"""
        row = self._rows.get(cell)
        return (
            row is not None
            and version in ("", row["version"])
            and len(row["regrets"]) >= length
        )

    def add(self, row: dict) -> None:
        """Append a row, at once."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with open(self._path, "a") as file:
            file.write(self._mend + json.dumps(row, separators=(",", ":")) + "\n")
        self._mend = ""
        self._rows[key(row)] = row

    def all(self) -> list:
        """Return the rows."""
        return list(self._rows.values())


def load_table(path: Path = TABLE) -> list:
    """Return the rows of the compressed table."""
    if not path.exists():
        return []
    with lzma.open(path, "rt") as file:
        return parse(file.read())


def store_table(rows: list, path: Path = TABLE) -> int:
    """Add rows to the compressed table; return how many it has."""
    merged = {key(row): row for row in load_table(path) + rows}
    lines = [
        json.dumps(merged[cell], separators=(",", ":")) + "\n"
        for cell in sorted(merged)
    ]
    with lzma.open(path, "wt", preset=9) as file:
        file.writelines(lines)
    return len(lines)


def coverage(rows: list, families: dict) -> str:
    """Return a table: how many studies of a sampler, per family and workers.

    families  the family of each problem, by name
    """
    counts = Counter(
        (row["sampler"], families.get(row["problem"], "other"), row["workers"])
        for row in rows
    )
    columns = sorted({(family, workers) for _, family, workers in counts})
    lines = [
        f"{'studies':34}"
        + "".join(f"{name:>14}" for name in sorted({c[0] for c in counts}))
    ]
    for family, workers in columns:
        cells = "".join(
            f"{counts[name, family, workers] or '':>14}"
            for name in sorted({c[0] for c in counts})
        )
        lines.append(f"{f'{family}, {workers} workers':34}{cells}")
    return "\n".join(lines)
