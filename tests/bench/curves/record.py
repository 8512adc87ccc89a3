# SPDX-License-Identifier: GPL-3.0-or-later
"""record.py - learning curves of small models, really trained

Usage: record.py [TASK ...]

Trains CONFIGURATIONS random configurations of each task on data that comes
with scikit-learn, and writes TASK.csv.xz beside this file: a row per
configuration with its validation loss after each epoch, or, for `folds`, on
each fold of a cross-validation. Everything is seeded; a quarter of an hour on
one core. bench_prune.py replays the files.
"""

import csv
import lzma
import sys
import warnings
from pathlib import Path

import numpy
from sklearn import datasets, ensemble, linear_model, metrics
from sklearn import model_selection, neural_network, preprocessing, svm

HERE = Path(__file__).resolve().parent
CONFIGURATIONS = 150
EPOCHS = 40
DIVERGED = 1e3  # a loss above this, or none, is recorded as this


def split(load, regression=False):
    """Return scaled training and validation data."""
    x, y = load(return_X_y=True)
    if regression:
        y = (y - y.mean()) / y.std()
    parts = model_selection.train_test_split(
        x, y, test_size=0.33, random_state=0, stratify=None if regression else y
    )
    scaler = preprocessing.StandardScaler().fit(parts[0])
    return scaler.transform(parts[0]), scaler.transform(parts[1]), *parts[2:]


def log_uniform(rng, low: float, high: float) -> float:
    """Return a number that is uniform in its logarithm."""
    return float(numpy.exp(rng.uniform(numpy.log(low), numpy.log(high))))


def epochs(model, data, loss, **fit) -> list:
    """Return the validation loss after each epoch of partial_fit."""
    x, x_valid, y, y_valid = data
    values = []
    for _ in range(EPOCHS):
        try:
            model.partial_fit(x, y, **fit)
            values.append(loss(model, x_valid, y_valid))
        except ValueError:  # weights that are not finite any more
            values.append(DIVERGED)
    return values


def log_loss(model, x, y) -> float:
    """Return the log loss of a classifier."""
    return metrics.log_loss(y, model.predict_proba(x), labels=model.classes_)


def squared(model, x, y) -> float:
    """Return the mean squared error of a regression."""
    return metrics.mean_squared_error(y, model.predict(x))


# ---- tasks ------------------------------------------------------------------


def network(rng, kind):
    """Return a multilayer perceptron."""
    return kind(
        hidden_layer_sizes=(round(log_uniform(rng, 8, 64)),),
        learning_rate_init=log_uniform(rng, 1e-4, 0.1),
        batch_size=round(log_uniform(rng, 32, 256)),
        alpha=log_uniform(rng, 1e-6, 1),
        solver=("adam", "sgd")[rng.integers(2)],
        random_state=int(rng.integers(2**31)),
    )


def digits(rng):
    """Train a network to tell digits."""
    data = split(datasets.load_digits)
    model = network(rng, neural_network.MLPClassifier)
    return epochs(model, data, log_loss, classes=range(10))


def diabetes(rng):
    """Train a network to predict the progress of diabetes."""
    data = split(datasets.load_diabetes, regression=True)
    return epochs(network(rng, neural_network.MLPRegressor), data, squared)


def cancer(rng):
    """Train a linear classifier by stochastic descent: noisy curves."""
    model = linear_model.SGDClassifier(
        loss="log_loss",
        penalty="elasticnet",
        alpha=log_uniform(rng, 1e-6, 0.1),
        l1_ratio=rng.uniform(),
        learning_rate=("constant", "invscaling")[rng.integers(2)],
        eta0=log_uniform(rng, 1e-4, 1),
        power_t=rng.uniform(0.1, 0.9),
        random_state=int(rng.integers(2**31)),
    )
    data = split(datasets.load_breast_cancer)
    return epochs(model, data, log_loss, classes=(0, 1))


def boost(rng):
    """Boost trees on wines: curves that cross, and that turn up again."""
    x, x_valid, y, y_valid = split(datasets.load_wine)
    model = ensemble.GradientBoostingClassifier(
        n_estimators=EPOCHS,
        learning_rate=log_uniform(rng, 0.01, 1),
        max_depth=int(rng.integers(1, 6)),
        subsample=rng.uniform(0.3, 1),
        max_features=rng.uniform(0.1, 1),
        min_samples_leaf=round(log_uniform(rng, 1, 20)),
        random_state=int(rng.integers(2**31)),
    ).fit(x, y)
    return [
        metrics.log_loss(y_valid, p, labels=model.classes_)
        for p in model.staged_predict_proba(x_valid)
    ]


def folds(rng):
    """Cross-validate a support vector machine, a value per fold."""
    x, y = datasets.load_breast_cancer(return_X_y=True)
    model = svm.SVC(
        C=log_uniform(rng, 1e-2, 1e3), gamma=log_uniform(rng, 1e-5, 1)
    )
    cut = model_selection.RepeatedStratifiedKFold(
        n_splits=10, n_repeats=EPOCHS // 10, random_state=0
    )
    values = []
    for train, valid in cut.split(x, y):
        scaler = preprocessing.StandardScaler().fit(x[train])
        model.fit(scaler.transform(x[train]), y[train])
        values.append(1 - model.score(scaler.transform(x[valid]), y[valid]))
    return values


TASKS = {f.__name__: f for f in (digits, diabetes, cancer, boost, folds)}


def record(name: str) -> None:
    """Write the curves of a task."""
    with lzma.open(HERE / f"{name}.csv.xz", "wt", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        for i in range(CONFIGURATIONS):
            values = TASKS[name](numpy.random.default_rng([7, i]))
            writer.writerow(
                f"{v if v < DIVERGED else DIVERGED:.5g}" for v in values
            )


if __name__ == "__main__":
    warnings.simplefilter("ignore")  # of curves that do not converge
    for task in sys.argv[1:] or TASKS:
        record(task)
