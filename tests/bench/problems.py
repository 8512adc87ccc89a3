# SPDX-License-Identifier: GPL-3.0-or-later
"""problems.py - functions to minimise whose least value is known

A problem has a space, and for each seed an instance: value(params, seed) is
the true value, observe() what a trial would report, optimum(seed) the least
true value there is. Optima are moved off the centre by the seed, so that a
sampler that begins at the centre wins nothing by it: a synthetic function is
shifted by up to a fifth of the range in each coordinate, such that its optimum
stays in the middle nine tenths, but not in the middle tenth. All of them have
their least value over the whole of R^d there, so the shift is a plain one.
Everything depends on (problem, seed) alone, so that samplers are compared on
the same instances.

Half of the problems are held out: tuning must not look at them (`held_out`),
nor at odd seeds.
"""

import math
import zlib
from dataclasses import dataclass
from functools import lru_cache

import numpy as np


@dataclass(frozen=True)
class Param:
    """A parameter; `when` is (parent, values) or nothing."""

    name: str
    kind: str  # float, int, categorical
    low: float = 0.0
    high: float = 1.0
    log: bool = False
    choices: tuple = ()
    when: tuple = ()

    def active(self, params: dict) -> bool:
        """Does its condition hold?"""
        return not self.when or params.get(self.when[0]) in self.when[1]


def uniform(space: tuple, rng) -> dict:
    """Return a random point of a space."""
    params = {}
    for param in space:
        if not param.active(params):
            continue
        if param.kind == "categorical":
            params[param.name] = param.choices[rng.integers(len(param.choices))]
            continue
        widen = 0.5 if param.kind == "int" else 0.0
        low, high = param.low - widen, param.high + widen
        if param.log:
            value = math.exp(rng.uniform(math.log(low), math.log(high)))
        else:
            value = rng.uniform(low, high)
        if param.kind == "int":
            value = int(min(max(round(value), param.low), param.high))
        params[param.name] = value
    return params


@dataclass(frozen=True)
class Problem:
    """What every problem has; the others override value and optimum."""

    name: str
    family: str
    space: tuple
    held_out: bool = False
    noise: float = 0.0  # standard deviation of what is observed
    floor: float = 1e-8  # smaller regrets are equal

    def rng(self, seed: int, *stream):
        """Return random numbers of (problem, seed, stream)."""
        name = zlib.crc32(self.name.encode())
        return np.random.default_rng([name, seed, *stream])

    def value(self, params: dict, seed: int) -> float:
        """Return the true value of a point."""
        raise NotImplementedError

    def optimum(self, seed: int) -> float:
        """Return the least true value."""
        raise NotImplementedError

    def observe(self, params: dict, seed: int, trial: int) -> tuple:
        """Return what the trial reports, and its true regret."""
        value = self.value(params, seed)
        seen = value
        if self.noise:
            seen += self.noise * self.rng(seed, 1, trial).normal()
        return seen, max(value - self.optimum(seed), 0.0)


# ---- synthetic functions ----------------------------------------------------


def branin(x):
    """Dixon and Szegoe 1978; minimum 0.397887 wherever cos(x0) = -1."""
    bowl = x[1] - 5.1 / (4 * np.pi**2) * x[0] ** 2 + 5 / np.pi * x[0] - 6
    return bowl**2 + 10 * (1 - 1 / (8 * np.pi)) * np.cos(x[0]) + 10


HARTMANN_A = np.array(
    [
        [10, 3, 17, 3.5, 1.7, 8],
        [0.05, 10, 17, 0.1, 8, 14],
        [3, 3.5, 1.7, 10, 17, 8],
        [17, 8, 0.05, 10, 0.1, 14],
    ]
)
HARTMANN_P = 1e-4 * np.array(
    [
        [1312, 1696, 5569, 124, 8283, 5886],
        [2329, 4135, 8307, 3736, 1004, 9991],
        [2348, 1451, 3522, 2883, 3047, 6650],
        [4047, 8828, 8732, 5743, 1091, 381],
    ]
)


def hartmann6(x):
    """Dixon and Szegoe 1978."""
    far = np.sum(HARTMANN_A * (x - HARTMANN_P) ** 2, axis=1)
    return -np.dot([1, 1.2, 3, 3.2], np.exp(-far))


def ackley(x):
    """Ackley 1987."""
    ridge = np.exp(-0.2 * np.sqrt(np.mean(x * x)))
    return 20 + np.e - 20 * ridge - np.exp(np.mean(np.cos(2 * np.pi * x)))


def levy(x):
    """Levy and Montalvo 1985."""
    w = 1 + (x - 1) / 4
    inner = (w[:-1] - 1) ** 2 * (1 + 10 * np.sin(np.pi * w[:-1] + 1) ** 2)
    last = (w[-1] - 1) ** 2 * (1 + np.sin(2 * np.pi * w[-1]) ** 2)
    return np.sin(np.pi * w[0]) ** 2 + inner.sum() + last


def rosenbrock(x):
    """Rosenbrock 1960."""
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def rastrigin(x):
    """Rastrigin 1974."""
    return 10 * len(x) + np.sum(x * x - 10 * np.cos(2 * np.pi * x))


def styblinski_tang(x):
    """Styblinski and Tang 1990."""
    return 0.5 * np.sum(x**4 - 16 * x**2 + 5 * x)


@dataclass(frozen=True)
class Synthetic(Problem):
    """A function on a cube, shifted by the seed."""

    function: object = None
    best: tuple = ()  # where the unshifted optimum is
    low: tuple = ()  # the corners of the cube
    high: tuple = ()
    least: float = 0.0

    def shift(self, seed: int):
        """Return how far the optimum is moved."""
        return shift_of(self, seed)

    def value(self, params: dict, seed: int) -> float:
        x = np.array([params[p.name] for p in self.space])
        return float(self.function(x - self.shift(seed)))

    def optimum(self, seed: int) -> float:
        return self.least


@lru_cache(maxsize=1000)
def shift_of(problem: Synthetic, seed: int):
    """Return the shift of a synthetic function, coordinate by coordinate."""
    low, high = np.array(problem.low), np.array(problem.high)
    place = (np.array(problem.best) - low) / (high - low)
    rng = problem.rng(seed, 0)
    moved = []
    for u in place:
        v = u + rng.uniform(-0.2, 0.2)
        while not 0.05 <= v <= 0.95 or abs(v - 0.5) < 0.05:
            v = u + rng.uniform(-0.2, 0.2)
        moved.append(v - u)
    return np.array(moved) * (high - low)


def synthetic(name, function, low, high, best, least=0.0, **more) -> Synthetic:
    """Return a synthetic problem; low and high are numbers or tuples."""
    d = len(best)
    low = low if isinstance(low, tuple) else (low,) * d
    high = high if isinstance(high, tuple) else (high,) * d
    space = tuple(
        Param(f"x{k}", "float", low[k], high[k]) for k in range(d)
    )
    family = more.pop("family", "classic")
    return Synthetic(
        name, family, space, function=function, best=tuple(best), low=low,
        high=high, least=least, **more,
    )


HARTMANN_BEST = (0.20169, 0.150011, 0.476874, 0.275332, 0.311652, 0.6573)
HARTMANN_LEAST = -3.322368011415515
CLASSIC = (
    synthetic(
        "branin2", branin, (-5.0, 0.0), (10.0, 15.0), (np.pi, 2.275),
        0.39788735772973816,
    ),
    synthetic(
        "hartmann6", hartmann6, 0.0, 1.0, HARTMANN_BEST, HARTMANN_LEAST,
        held_out=True,
    ),
    synthetic("ackley10", ackley, -32.768, 32.768, (0.0,) * 10),
    synthetic("levy8", levy, -10.0, 10.0, (1.0,) * 8, held_out=True),
    synthetic("rosenbrock5", rosenbrock, -5.0, 10.0, (1.0,) * 5),
    synthetic("rastrigin5", rastrigin, -5.12, 5.12, (0.0,) * 5, held_out=True),
    synthetic(
        "styblinski_tang5", styblinski_tang, -5.0, 5.0,
        (-2.903534027771177,) * 5, -39.16616570377142 * 5,
    ),
    synthetic(
        "hartmann6_noisy", hartmann6, 0.0, 1.0, HARTMANN_BEST, HARTMANN_LEAST,
        noise=0.1, floor=1e-4, family="noisy", held_out=True,
    ),
    synthetic(
        "rosenbrock5_noisy", rosenbrock, -5.0, 10.0, (1.0,) * 5,
        noise=10.0, floor=1e-2, family="noisy",
    ),
)


# ---- mixed and conditional spaces -------------------------------------------


@dataclass(frozen=True)
class Tower(Problem):
    """A bowl per parameter; categories shift the others and cost something.

    The value is 1 + the sum over active parameters of the squared distance to
    a target, in units of the range (ln v with log), and over categories of a
    cost, zero for one choice and 0.1 to 1 for the others. The targets of the
    numeric parameters depend on the first category where `coupled`. The least
    value is 1. Targets, costs and couplings are drawn by the seed.
    """

    coupled: bool = True

    def value(self, params: dict, seed: int) -> float:
        total, first = 1.0, 0
        for k, param in enumerate(self.space):
            if param.name not in params:
                continue
            target = target_of(self, seed, k)
            if param.kind == "categorical":
                choice = param.choices.index(params[param.name])
                total += target[choice]
                first = choice if k == 0 else first
                continue
            which = first if self.coupled else 0
            gap = fraction(param, params[param.name]) - target[which]
            total += 4.0 * gap * gap
        return float(total)

    def optimum(self, seed: int) -> float:
        return 1.0


def fraction(param: Param, value: float) -> float:
    """Return the place of a number in its range, 0 to 1."""
    if param.log:
        low, high, value = map(math.log, (param.low, param.high, value))
    else:
        low, high = param.low, param.high
    return (value - low) / (high - low)


@lru_cache(maxsize=10000)
def target_of(problem: Tower, seed: int, k: int) -> list:
    """Return the costs of a category, or a target per choice of the first."""
    rng, param = problem.rng(seed, 0, k), problem.space[k]
    if param.kind == "categorical":
        costs = rng.uniform(0.1, 1.0, len(param.choices))
        costs[rng.integers(len(costs))] = 0.0
        return list(costs)
    targets = []
    for _ in range(max(len(problem.space[0].choices), 1)):
        u = rng.choice([rng.uniform(0.1, 0.45), rng.uniform(0.55, 0.9)])
        if param.kind == "int":
            value = param.low + u * (param.high - param.low)
            if param.log:
                value = param.low * (param.high / param.low) ** u
            u = fraction(param, max(round(value), param.low))
        targets.append(float(u))
    return targets


MIXED = (
    Tower(
        "mixed7",
        "mixed",
        (
            Param("kernel", "categorical", choices=("a", "b", "c", "d")),
            Param("norm", "categorical", choices=("off", "on", "auto")),
            Param("depth", "int", 1, 12),
            Param("units", "int", 4, 1024, log=True),
            Param("rate", "float", 1e-5, 1.0, log=True),
            Param("momentum", "float", 0.0, 0.99),
            Param("dropout", "float", 0.0, 0.9),
        ),
    ),
    Tower(
        "mixed12",
        "mixed",
        tuple(
            Param(f"c{k}", "categorical", choices=tuple(range(n)))
            for k, n in enumerate((3, 5, 2, 8, 4))
        )
        + tuple(Param(f"i{k}", "int", 0, n) for k, n in enumerate((3, 20, 100)))
        + (
            Param("l0", "float", 1e-6, 1.0, log=True),
            Param("l1", "float", 1e-3, 1e3, log=True),
            Param("f0", "float", -1.0, 1.0),
            Param("f1", "float", 0.0, 10.0),
        ),
        held_out=True,
    ),
    Tower(
        "conditional",
        "conditional",
        (
            Param("model", "categorical", choices=("svm", "forest", "net")),
            Param("C", "float", 1e-3, 1e3, log=True, when=("model", ("svm",))),
            Param(
                "kernel", "categorical", choices=("rbf", "linear", "poly"),
                when=("model", ("svm",)),
            ),
            Param(
                "gamma", "float", 1e-4, 10.0, log=True,
                when=("kernel", ("rbf", "poly")),
            ),
            Param("trees", "int", 10, 1000, log=True, when=("model", ("forest",))),
            Param("depth", "int", 1, 30, when=("model", ("forest",))),
            Param("features", "float", 0.05, 1.0, when=("model", ("forest",))),
            Param("layers", "int", 1, 3, when=("model", ("net",))),
            Param("rate", "float", 1e-5, 1.0, log=True, when=("model", ("net",))),
            Param("units0", "int", 8, 512, log=True, when=("layers", (1, 2, 3))),
            Param("units1", "int", 8, 512, log=True, when=("layers", (2, 3))),
            Param("units2", "int", 8, 512, log=True, when=("layers", (3,))),
        ),
    ),
)


# ---- BBOB -------------------------------------------------------------------


@dataclass(frozen=True)
class Bbob(Problem):
    """A function of the BBOB testbed (Hansen et al. 2009), as pycma has it.

    The seed is the instance (instances count from 1).
    """

    number: int = 1

    def value(self, params: dict, seed: int) -> float:
        x = np.array([params[p.name] for p in self.space])
        return float(instance_of(self.number, seed, len(x))[0](x))

    def optimum(self, seed: int) -> float:
        return instance_of(self.number, seed, len(self.space))[1]


@lru_cache(maxsize=400)
def instance_of(number: int, seed: int, d: int) -> tuple:
    """Return a function and its least value."""
    from cma import bbobbenchmarks

    function, least = bbobbenchmarks.instantiate(number, seed + 1)
    # Until it has been called, an instance does not know its dimension. Then
    # its constants stay those of (function, instance, dimension).
    function(np.zeros(d))
    return function, float(least)


GROUPS = (
    (5, "separable"),
    (9, "moderate"),
    (14, "ill_conditioned"),
    (19, "multimodal"),
    (24, "weak_structure"),
)
BBOB = tuple(
    Bbob(
        f"bbob_f{number:02}_d{d}",
        "bbob_" + next(name for last, name in GROUPS if number <= last),
        tuple(Param(f"x{k}", "float", -5.0, 5.0) for k in range(d)),
        held_out=number % 2 == 0,
        number=number,
    )
    for d in (2, 5, 10)
    for number in range(1, 25)
)
