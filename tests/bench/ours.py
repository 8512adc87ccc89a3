# SPDX-License-Identifier: GPL-3.0-or-later
"""ours.py - our samplers, through the driver (optimize.c)

One process of the driver serves one study after the other.
"""

import hashlib
import subprocess
from pathlib import Path

NAMES = ("random", "qmc", "tpe", "gp", "cmaes", "auto")
CONTINUOUS = ("cmaes",)  # compared with peers on spaces of floats only


class Refused(RuntimeError):
    """The driver said no."""


class Driver:
    """A running driver: a context manager."""

    def __init__(self, program: Path):
        self._process = subprocess.Popen(
            [program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> "Driver":
        return self

    def __exit__(self, *_):
        self._process.stdin.close()
        self._process.wait(60)
        self._process.stdout.close()

    def call(self, line: str) -> str:
        """Send a command; return its answer."""
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline().rstrip("\n")
        if not answer or answer.startswith("error"):
            raise Refused(answer.removeprefix("error ") or "the driver died")
        return answer


class Study:
    """A study of one of our samplers.

    options  of the sampler, numbers by name
    """

    def __init__(self, driver: Driver, sampler: str, space: tuple, seed: int,
                 options=None, objectives: int = 1, constraints: int = 0):
        self._driver, self._space = driver, space
        self.ask_ms = 0.0  # processor time of the last ask
        self.why = ""  # what the sampler said about it
        words = ["study", sampler, seed, objectives, constraints]
        words += [f"{name}={value}" for name, value in (options or {}).items()]
        driver.call(" ".join(map(str, words)))
        names = [param.name for param in space]
        for param in space:
            driver.call(self._definition(param, names))

    def _definition(self, param, names: list) -> str:
        high = param.high
        if param.kind == "categorical":
            high = len(param.choices) - 1
        step = 1 if param.kind == "int" else 0
        words = ["param", param.name, param.kind, repr(param.low), repr(high)]
        words += [str(step), str(int(param.log))]
        if param.when:
            parent = names.index(param.when[0])
            choices = self._space[parent].choices
            words += [str(parent)]
            words += [
                str(choices.index(value) if choices else value)
                for value in param.when[1]
            ]
        return " ".join(words)

    def ask(self) -> tuple:
        """Return the number of a new trial and its parameters."""
        answer, _, self.why = self._driver.call("ask").partition(" | ")
        number, took, *point = answer.split()
        self.ask_ms = float(took)
        params = {}
        for param, text in zip(self._space, point):
            if text in ("nan", "-nan"):
                continue
            value = float(text)
            if param.kind == "categorical":
                value = param.choices[int(value)]
            elif param.kind == "int":
                value = int(value)
            params[param.name] = value
        return int(number), params

    def tell(self, number: int, *numbers: float, state: str = "complete"):
        """Say how a trial went: values, then constraints, then the variance."""
        text = " ".join(repr(float(number)) for number in numbers)
        self._driver.call(f"tell {number} {state} {text}")


def version(program: Path) -> str:
    """Return what changes whenever the driver does."""
    return hashlib.sha256(Path(program).read_bytes()).hexdigest()[:12]
