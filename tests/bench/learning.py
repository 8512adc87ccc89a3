# SPDX-License-Identifier: GPL-3.0-or-later
"""learning.py - hyperparameters of real models as problems

scikit-learn models on its built-in data sets, cross-validated, and LCBench:
neural networks on OpenML data sets, told by the surrogate of YAHPO Gym, a file
that CUMAE_LCBENCH names (without it these problems do not exist). Their least
values are not known: learning.json holds what `learning.py` found (see
search()), and a regret below zero counts as zero.

A scikit-learn value is remembered on disk, because it takes up to 50 ms. Real
parameters are rounded to three digits first, which is part of the problem.
"""

import json
import math
import os
import sqlite3
import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import environment

if __name__ == "__main__":
    environment.one_thread()  # before numpy looks
import numpy as np  # noqa: E402

from problems import Param, Problem, uniform  # noqa: E402

HERE = Path(__file__).resolve().parent
MEMORY = HERE.parents[1] / "build" / "bench" / "learning.db"
STORED = HERE / "learning.json"
FOLDS = 4


@lru_cache(maxsize=1)
def best() -> dict:
    """Return the least values that were ever found, by problem."""
    return json.loads(STORED.read_text()) if STORED.exists() else {}


@dataclass(frozen=True)
class Learning(Problem):
    """What they share. The seed changes nothing but the sampler's."""

    floor: float = 1e-4

    def optimum(self, seed: int) -> float:
        return best()[self.name]


# ---- scikit-learn -----------------------------------------------------------


@dataclass(frozen=True)
class Sklearn(Learning):
    """The cross-validated loss of a model; make builds it from parameters."""

    data: str = ""
    make: object = None
    scoring: str = ""
    scale: float = 1.0  # losses are divided by it

    def value(self, params: dict, seed: int) -> float:
        rounded = {
            name: float(f"{value:.3g}") if isinstance(value, float) else value
            for name, value in params.items()
        }
        key = f"{self.name} {json.dumps(rounded)}"
        found = memory().execute(
            "SELECT value FROM seen WHERE key = ?", (key,)
        ).fetchone()
        if found:
            return found[0]
        value = self._fit(rounded)
        memory().execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", (key, value))
        return value

    def _fit(self, params: dict) -> float:
        import warnings

        from sklearn.model_selection import cross_val_score

        x, y = data_of(self.data)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            scores = cross_val_score(
                self.make(params), x, y, scoring=self.scoring, cv=FOLDS
            )
        value = -float(np.mean(scores)) / self.scale
        return value if math.isfinite(value) else 1e3


@lru_cache(maxsize=1)
def memory() -> sqlite3.Connection:
    """Return the values that are known already."""
    MEMORY.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(MEMORY, isolation_level=None, timeout=60)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute(
        "CREATE TABLE IF NOT EXISTS seen (key TEXT PRIMARY KEY, value REAL)"
    )
    return connection


@lru_cache(maxsize=8)
def data_of(name: str) -> tuple:
    """Return standardized inputs in shuffled order, and outputs."""
    from sklearn import datasets
    from sklearn.preprocessing import StandardScaler

    x, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    order = np.random.default_rng(1).permutation(len(y))[:400]
    return StandardScaler().fit_transform(x[order]), y[order]


def make_svm(params: dict):
    """Return a support vector machine."""
    from sklearn.svm import SVC

    return SVC(cache_size=50, max_iter=20000, **params)


def make_kernel_ridge(params: dict):
    """Return kernel ridge regression."""
    from sklearn.kernel_ridge import KernelRidge

    return KernelRidge(**params)


def make_tree(params: dict):
    """Return a decision tree."""
    from sklearn.tree import DecisionTreeClassifier

    return DecisionTreeClassifier(random_state=0, **params)


def make_boosting(params: dict):
    """Return gradient boosting for regression."""
    from sklearn.ensemble import GradientBoostingRegressor

    return GradientBoostingRegressor(random_state=0, n_estimators=25, **params)


def make_neighbours(params: dict):
    """Return nearest neighbours."""
    from sklearn.neighbors import KNeighborsClassifier

    return KNeighborsClassifier(**params)


def make_linear(params: dict):
    """Return a linear model trained by stochastic gradient descent."""
    from sklearn.linear_model import SGDClassifier

    return SGDClassifier(
        loss="log_loss", random_state=0, max_iter=30, tol=None, **params
    )


SVM = (
    Param("C", "float", 1e-3, 1e3, log=True),
    Param("gamma", "float", 1e-5, 10.0, log=True),
    Param("tol", "float", 1e-5, 1e-1, log=True),
)
SVM_KERNELS = (
    Param("kernel", "categorical", choices=("linear", "rbf", "poly")),
    Param("C", "float", 1e-3, 1e3, log=True),
    Param("gamma", "float", 1e-5, 10.0, log=True, when=("kernel", ("rbf", "poly"))),
    Param("degree", "int", 2, 5, when=("kernel", ("poly",))),
    Param("coef0", "float", 0.0, 2.0, when=("kernel", ("poly",))),
)
TREE = (
    Param("criterion", "categorical", choices=("gini", "entropy", "log_loss")),
    Param("max_depth", "int", 1, 15),
    Param("min_samples_split", "float", 0.01, 0.99),
    Param("min_samples_leaf", "float", 0.01, 0.49),
    Param("max_features", "float", 0.01, 1.0),
    Param("min_impurity_decrease", "float", 1e-5, 0.5, log=True),
)
BOOSTING = (
    Param("learning_rate", "float", 1e-3, 1.0, log=True),
    Param("max_depth", "int", 1, 6),
    Param("subsample", "float", 0.2, 1.0),
    Param("max_features", "float", 0.1, 1.0),
    Param("min_samples_leaf", "int", 1, 64, log=True),
    Param("loss", "categorical", choices=("squared_error", "huber")),
)
RIDGE = (
    Param("kernel", "categorical", choices=("rbf", "laplacian", "polynomial")),
    Param("alpha", "float", 1e-4, 1e2, log=True),
    Param("gamma", "float", 1e-5, 1.0, log=True),
    Param("coef0", "float", 0.0, 5.0),
)
NEIGHBOURS = (
    Param("n_neighbors", "int", 1, 50, log=True),
    Param("p", "float", 1.0, 4.0),
    Param("weights", "categorical", choices=("uniform", "distance")),
)
LINEAR = (
    Param("penalty", "categorical", choices=("l2", "l1", "elasticnet")),
    Param("alpha", "float", 1e-7, 1e-1, log=True),
    Param("l1_ratio", "float", 0.0, 1.0, when=("penalty", ("elasticnet",))),
    Param("eta0", "float", 1e-4, 10.0, log=True),
    Param(
        "learning_rate", "categorical",
        choices=("constant", "invscaling", "optimal"),
    ),
)
LOG_LOSS, ERROR, SQUARE = "neg_log_loss", "accuracy", "neg_mean_squared_error"
SKLEARN = tuple(
    Sklearn(
        f"{model}_{data}", "sklearn", space, held_out=k % 2 == 1, data=data,
        make=make, scoring=scoring, scale=3000.0 if scoring == SQUARE else 1.0,
    )
    for k, (model, data, space, make, scoring) in enumerate(
        (
            ("svm", "wine", SVM, make_svm, ERROR),
            ("svm", "breast_cancer", SVM_KERNELS, make_svm, ERROR),
            ("tree", "breast_cancer", TREE, make_tree, LOG_LOSS),
            ("tree", "wine", TREE, make_tree, LOG_LOSS),
            ("boosting", "diabetes", BOOSTING, make_boosting, SQUARE),
            ("ridge", "diabetes", RIDGE, make_kernel_ridge, SQUARE),
            ("neighbours", "iris", NEIGHBOURS, make_neighbours, LOG_LOSS),
            ("linear", "wine", LINEAR, make_linear, LOG_LOSS),
        )
    )
)  # fmt: skip


# ---- LCBench ----------------------------------------------------------------


@dataclass(frozen=True)
class Lcbench(Learning):
    """100 minus the balanced accuracy in per cent after 52 epochs."""

    floor: float = 1e-2
    task: int = 0  # the surrogate's number of the OpenML task

    def value(self, params: dict, seed: int) -> float:
        return float(losses(self, [params])[0])


@lru_cache(maxsize=1)
def network():
    """Return the surrogate."""
    import onnx

    return onnx.Network(Path(os.environ["CUMAE_LCBENCH"]))


def losses(problem: Lcbench, points: list):
    """Return the loss of several points."""
    inputs = np.array(
        [[52.0, *(point[p.name] for p in problem.space)] for point in points],
        np.float32,
    )
    task = np.full((len(points), 1), problem.task, np.int32)
    outputs = network().run({"x_cat": task, "x_cont": inputs})[0]
    return 100.0 * (1.0 - outputs[:, 3])


NETWORK = (
    Param("batch_size", "int", 16, 512, log=True),
    Param("learning_rate", "float", 1e-4, 1e-1, log=True),
    Param("momentum", "float", 0.1, 0.99),
    Param("weight_decay", "float", 1e-5, 1e-1),
    Param("num_layers", "int", 1, 5),
    Param("max_units", "int", 64, 1024, log=True),
    Param("max_dropout", "float", 0.0, 1.0),
)
TASKS = {3945: 34, 7593: 35, 126026: 2, 167104: 6, 189354: 24, 189873: 28}
LCBENCH = tuple(
    Lcbench(f"lcbench_{name}", "lcbench", NETWORK, held_out=k % 2 == 1, task=task)
    for k, (name, task) in enumerate(TASKS.items())
    if os.environ.get("CUMAE_LCBENCH")
)


# ---- the least values -------------------------------------------------------


def search(problem: Learning, n: int) -> float:
    """Return the least of n random points and n steps from the best one."""
    rng = problem.rng(0, 3)
    points = [uniform(problem.space, rng) for _ in range(n)]
    if isinstance(problem, Lcbench):
        values = list(losses(problem, points))
    else:
        values = [problem.value(point, 0) for point in points]
    at = int(np.argmin(values))
    least, where = values[at], points[at]
    for i in range(n):
        near = {**uniform(problem.space, rng), **where}
        for name, value in uniform(problem.space, rng).items():
            if rng.random() < 0.4:
                near[name] = mix(problem.space, name, near[name], value, i / n)
        near = {p.name: near[p.name] for p in problem.space
                if p.name in near and p.active(near)}
        if any(p.active(near) and p.name not in near for p in problem.space):
            continue
        value = problem.value(near, 0)
        if value < least:
            least, where = value, near
    return float(least)


def mix(space: tuple, name: str, here, there, progress: float):
    """Return a value between two, nearer to the first as time goes by."""
    param = next(param for param in space if param.name == name)
    if param.kind == "categorical":
        return there
    part = 10 ** (-3 * progress)
    if param.log:
        value = here ** (1 - part) * there**part
    else:
        value = (1 - part) * here + part * there
    return int(round(value)) if param.kind == "int" else value


def remembered(problem: Learning) -> float:
    """Return the least value that was ever evaluated here."""
    (least,) = memory().execute(
        "SELECT min(value) FROM seen WHERE key LIKE ?", (f"{problem.name} %",)
    ).fetchone()
    return math.inf if least is None else least


def main(names: list) -> None:
    """Search for the least values of some problems, or all, and store them."""
    for problem in LCBENCH + SKLEARN:
        if names and problem.name not in names:
            continue
        n = 20000 if isinstance(problem, Lcbench) else 500
        value = search(problem, n)
        best.cache_clear()
        least = min(value, remembered(problem), best().get(problem.name, value))
        found = {**best(), problem.name: least}
        print(problem.name, least, file=sys.stderr)
        STORED.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
