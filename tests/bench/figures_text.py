# SPDX-License-Identifier: GPL-3.0-or-later
"""figures_text.py - numbers, tables and origins in the words of the README"""


def number(value) -> str:
    """Return a figure with three significant digits, thousands apart."""
    if value is None:
        return "–"
    if value == 0:
        return "0"
    digits = max(0, 3 - len(str(int(abs(value)))))
    if abs(value) < 1:
        return f"{value:.3g}"
    return f"{float(f'{value:.3g}'):,.{digits}f}"


def rows(header: list, lines: list) -> str:
    """Return a table in Markdown; all columns but the first to the right."""
    table = [header, ["---"] + ["---:"] * (len(header) - 1), *lines]
    return "\n".join("| " + " | ".join(line) + " |" for line in table)


def origin(figures: dict) -> str:
    """Return the sentence that says where figures come from."""
    versions = [
        f"{key.removeprefix('versions.')} {value}"
        for key, value in sorted(figures.items())
        if key.startswith("versions.")
    ]
    tail = f"; {', '.join(versions)}" if versions else ""
    machine = figures.get("machine", "unknown machine")
    return f"{machine}; {figures.get('date', 'undated')}{tail}."
