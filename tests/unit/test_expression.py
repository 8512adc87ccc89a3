# SPDX-License-Identifier: GPL-3.0-or-later
"""test_expression.py - random expressions mean what Python's eval says

The language is Python's, but for ^, for roots of negative numbers, which are
complex there, and for what Python raises. Such cases are left out.
"""

import math
import os
import random
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("CUMAE_BUILD", ROOT / "build" / "release"))
DRIVER = BUILD / "tests" / "unit" / "driver_expression"
CASES = 4000
NAMES = {
    "abs": abs, "exp": math.exp, "floor": math.floor, "log": math.log,
    "max": max, "min": min, "pow": pow, "sqrt": math.sqrt, "true": True,
    "false": False, "__builtins__": {},
}


class Maker:
    """Makes random expressions, with and without needless parentheses."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def pick(self, *choices):
        return self.random.choice(choices)

    def paren(self, text):
        return f"({text})" if self.random.random() < 0.3 else text

    def number(self, depth):
        if depth == 0:
            literal = self.pick("0", "2", "0.5", ".25", "3.", "1e-2", "12E1")
            return self.pick("x", "y", "n", literal)
        one, two = self.number(depth - 1), self.number(depth - 1)
        return self.paren(self.pick(
            f"{one} + {two}", f"{one}-{two}", f"{one} * {two}", f"{one}/{two}",
            f"-{one}", f"- -{one}", f"({one})**{self.pick('2', '-1', '3')}",
            f"{self.pick('abs(x)', '2', '(y)')} ^ {two}", f"2**-{one}",
            f"{self.pick('abs', 'exp', 'floor', 'log', 'sqrt')}({one})",
            f"{self.pick('min', 'max')}({one}, {two},x)", f"pow({one}, 2)",
        ))

    def truth(self, depth):
        if depth == 0:
            return self.pick("flag", "true", "false", "x < y", "n>=0")
        one, two = self.truth(depth - 1), self.truth(depth - 1)
        left, right = self.number(depth - 1), self.number(depth - 1)
        sign = self.pick("<", "<=", ">", ">=", "==", "!=")
        return self.paren(self.pick(
            f"{one} and {two}", f"{one} or {two}", f"not {one}",
            f"not not {one}", f"{left} {sign} {right}", f"({one}) == ({two})",
        ))

    def case(self):
        point = {
            "x": round(self.random.uniform(-9, 9), 3),
            "y": round(self.random.uniform(0, 9), 3),
            "n": self.random.randrange(-5, 6),
            "flag": self.random.random() < 0.5,
        }
        make = self.pick(self.number, self.truth)
        return point, make(self.random.randrange(5))


def python(point, text):
    """Return what Python makes of it; None when that is no real number."""
    try:
        value = eval(text.replace("^", "**"), NAMES, dict(point))
        value = float(value)
    except (ArithmeticError, TypeError, ValueError):
        return None
    return value if math.isfinite(value) else None


@pytest.mark.filterwarnings("ignore::SyntaxWarning")
def test_random_expressions_mean_what_python_says():
    maker = Maker(17)
    cases = [maker.case() for _ in range(CASES)]
    lines = "".join(
        f"{p['x']} {p['y']} {p['n']} {int(p['flag'])}: {text}\n"
        for p, text in cases
    )
    answers = subprocess.run(
        [DRIVER], input=lines, capture_output=True, text=True, check=True,
        timeout=60,
    ).stdout.splitlines()
    assert len(answers) == len(cases)
    compared = 0
    for (point, text), answer in zip(cases, answers):
        if answer.startswith("error") and "too" in answer or len(text) > 1000:
            continue  # deeper than is allowed
        expected = python(point, text)
        assert not answer.startswith("error"), f"{text}: {answer}"
        if expected is None:
            continue
        compared += 1
        close = math.isclose(float(answer), expected, rel_tol=1e-12)
        assert close or float(answer) == expected, f"{text} at {point}: {answer}"
    assert compared > CASES / 2
