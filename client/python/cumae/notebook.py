# SPDX-License-Identifier: MIT
"""notebook.py - a study as the result of a cell in Jupyter

HTML and SVG without a script, so that it is drawn by whatever shows notebooks,
trusted or not, and stays as it was when it was saved. Colours are those of the
text around it, with marks that stand out in the light and in the dark.
"""

from __future__ import annotations

from html import escape
from typing import Any, List, Mapping, Optional, Sequence, Tuple

WIDTH, HEIGHT = 640, 220
LEFT, BOTTOM, MARGIN = 64, 24, 8
MOST_DOTS = 400
DOT, LINE = "#0072b2", "#c14f00"  # of Okabe and Ito's palette
Cells = Sequence[Optional[float]]


def number(value: Optional[float]) -> str:
    """Return a number as people write it."""
    return "–" if value is None else f"{value:.6g}"


def table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Return a table of texts and numbers."""
    cells = "".join(f"<th>{escape(one)}</th>" for one in head)
    body = "".join(
        "<tr>" + "".join(f"<td>{_cell(one)}</td>" for one in row) + "</tr>"
        for row in rows
    )
    return (
        f"<table><thead><tr>{cells}</tr></thead><tbody>{body}</tbody></table>"
    )


def _cell(value: Any) -> str:
    is_number = isinstance(value, float) or value is None
    return escape(number(value) if is_number else str(value))


def page(
    facts: Mapping[str, Any], url: str, parts: Sequence[str] = ()
) -> str:
    """Return a study: its name, how far it is, its best, and `parts`.

    facts  what GET /studies/{id} says
    url    of the page that shows it live
    """
    counts = facts["trials"]
    said = [f"{n} {state}" for state, n in counts.items()
            if n and state != "total"]
    state = facts["state"]
    if facts.get("reason"):
        state += f" ({facts['reason']})"
    lines = [
        f'<strong><a href="{escape(url)}">{escape(facts["name"])}</a>'
        f"</strong> – {escape(facts['kind'])}, {escape(state)}",
        f"{counts['total']} trials: " + ", ".join(said)
        if said else "no trials yet",
    ]
    best = facts.get("best")
    if best and facts["kind"] == "hpo":
        lines.append(f"best: {number(best['value'])}, trial {best['number']}")
    return f"<div>{'<br/>'.join(lines)}{''.join(parts)}</div>"


def history(
    name: str, numbers: Sequence[float], values: Cells, maximize: bool
) -> str:
    """Return the values of trials by number, with the best so far as a line:
    a figure, or nothing where there are no values."""
    points = [(float(n), v) for n, v in zip(numbers, values) if v is not None]
    if not points:
        return ""
    steps = _best_so_far(points, maximize)
    x = _Axis([n for n, _ in points], LEFT, WIDTH - MARGIN)
    y = _Axis([v for _, v in points], HEIGHT - BOTTOM, MARGIN)
    every = -(-len(points) // MOST_DOTS)
    dots = "".join(
        f'<circle cx="{x.at(n):.1f}" cy="{y.at(v):.1f}" r="2.5"/>'
        for n, v in points[::every]
    )
    path = f"M{x.at(steps[0][0]):.1f},{y.at(steps[0][1]):.1f}" + "".join(
        f"H{x.at(n):.1f}V{y.at(v):.1f}" for n, v in steps[1:]
    ) + f"H{x.at(points[-1][0]):.1f}"
    label = (
        f"{name} of {len(points)} trials; the best is "
        f"{number(steps[-1][1])}, trial {steps[-1][0]:.0f}"
    )
    marks = (
        f'<g fill="{DOT}" fill-opacity="0.6">{dots}</g>'
        f'<path d="{path}" fill="none" stroke="{LINE}" stroke-width="2"/>'
    )
    return figure(label, x, y, "trial", name, marks)


def lines(
    label: str,
    names: Tuple[str, str],
    curves: Sequence[Tuple[str, Sequence[Sequence[Sequence[float]]]]],
) -> str:
    """Return a plane with curves, each a name and its polylines."""
    every = [xy for _, found in curves for line in found for xy in line]
    if not every:
        return ""
    x = _Axis([one[0] for one in every], LEFT, WIDTH - MARGIN)
    y = _Axis([one[1] for one in every], HEIGHT - BOTTOM, MARGIN)
    marks = ""
    for i, (name, found) in enumerate(curves):
        path = "".join(
            "M" + "L".join(f"{x.at(a):.1f},{y.at(b):.1f}" for a, b in line)
            for line in found
        )
        dash = "" if i == 0 else f' stroke-dasharray="{6 + 2 * i} 4"'
        marks += (
            f'<path d="{path}" fill="none" stroke="{DOT if i else LINE}" '
            f'stroke-width="2"{dash}><title>{escape(name)}</title></path>'
        )
    return figure(label, x, y, names[0], names[1], marks)


class _Axis:
    """From values to pixels."""

    def __init__(self, values: Sequence[float], begin: float, end: float):
        self.low, self.high = min(values), max(values)
        self.begin, self.end = begin, end

    def at(self, value: float) -> float:
        if self.high == self.low:
            return (self.begin + self.end) / 2
        share = (value - self.low) / (self.high - self.low)
        return self.begin + share * (self.end - self.begin)


def figure(
    label: str, x: _Axis, y: _Axis, x_name: str, y_name: str, marks: str
) -> str:
    """Return marks with the ends of their axes named."""
    foot = HEIGHT - 6
    texts = [
        (LEFT, foot, "start", number(x.low)),
        ((LEFT + WIDTH) / 2, foot, "middle", x_name),
        (WIDTH - MARGIN, foot, "end", number(x.high)),
        (LEFT - 6, HEIGHT - BOTTOM, "end", number(y.low)),
        (LEFT - 6, (HEIGHT - BOTTOM) / 2, "end", y_name[:8]),
        (LEFT - 6, MARGIN + 8, "end", number(y.high)),
    ]
    said = "".join(
        f'<text x="{a:g}" y="{b:g}" text-anchor="{anchor}">{escape(text)}'
        "</text>" for a, b, anchor, text in texts
    )
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" '
        f'style="max-width:100%;display:block" role="img" '
        f'aria-label="{escape(label)}">'
        f'<g fill="currentColor" font-size="11" opacity="0.8">{said}</g>'
        f'<path d="M{LEFT},{MARGIN}V{HEIGHT - BOTTOM}H{WIDTH - MARGIN}" '
        'fill="none" stroke="currentColor" opacity="0.4"/>'
        f"{marks}</svg>"
    )


def _best_so_far(
    points: Sequence[Tuple[float, float]], maximize: bool
) -> List[Tuple[float, float]]:
    steps: List[Tuple[float, float]] = []
    for n, value in points:
        if not steps or (value > steps[-1][1] if maximize
                         else value < steps[-1][1]):
            steps.append((n, value))
    return steps
