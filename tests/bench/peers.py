# SPDX-License-Identifier: GPL-3.0-or-later
"""peers.py - other people's optimizers, as their users would call them

Each has ask() -> (handle, params) and tell(handle, value), minimises, and may
have any number of trials under way. Packages are imported where they are
needed: every peer has the environment of its requirements file (requirements/).
"""

import importlib.metadata
import math
import warnings

import problems


class Peer:
    """What the adapters share; packages[0] gives the version."""

    packages = ()
    environment = ""  # requirements/ENVIRONMENT.txt
    n = 200  # trials of a run

    @classmethod
    def version(cls) -> str:
        """Return the versions of the packages that matter."""
        return " ".join(
            f"{name} {importlib.metadata.version(name)}"
            for name in cls.packages
        )

    @staticmethod
    def serves(space: tuple) -> bool:
        """Can it be used on this space?"""
        return True

    def __init__(self, space: tuple, seed: int, workers: int):
        raise NotImplementedError


def continuous(space: tuple) -> bool:
    """Is every parameter a float?"""
    return all(param.kind == "float" and not param.when for param in space)


class Random(Peer):
    """Uniform points: what everyone must beat."""

    packages = ("numpy",)
    environment = "optuna"

    def __init__(self, space, seed, workers):
        import numpy as np

        self._space, self._rng = space, np.random.default_rng([7, seed])

    def ask(self):
        return None, problems.uniform(self._space, self._rng)

    def tell(self, handle, value):
        pass


# ---- Optuna -----------------------------------------------------------------


class Optuna(Peer):
    """optuna.create_study(sampler=...) with everything else at its default."""

    packages = ("optuna",)
    environment = "optuna"

    def sampler(self, optuna, seed):
        """Return the sampler of Optuna."""
        raise NotImplementedError

    def __init__(self, space, seed, workers):
        import optuna

        warnings.simplefilter("ignore")
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._space = space
        self._study = optuna.create_study(sampler=self.sampler(optuna, seed))

    def ask(self):
        trial, params = self._study.ask(), {}
        for param in self._space:
            if param.active(params):
                params[param.name] = self._suggest(trial, param)
        return trial, params

    @staticmethod
    def _suggest(trial, param):
        if param.kind == "categorical":
            return trial.suggest_categorical(param.name, param.choices)
        suggest = {"int": trial.suggest_int, "float": trial.suggest_float}
        return suggest[param.kind](
            param.name, param.low, param.high, log=param.log
        )

    def tell(self, trial, value):
        self._study.tell(trial, value)


class OptunaTpe(Optuna):
    """The default sampler of Optuna."""

    def sampler(self, optuna, seed):
        return optuna.samplers.TPESampler(seed=seed)


class OptunaGp(Optuna):
    """Its Gaussian process."""

    packages = ("optuna", "torch")
    n = 100

    @staticmethod
    def serves(space):
        return not any(param.when for param in space)

    def sampler(self, optuna, seed):
        return optuna.samplers.GPSampler(seed=seed)


class OptunaCmaes(Optuna):
    """Its CMA-ES, by the author of cmaes."""

    packages = ("optuna", "cmaes")

    @staticmethod
    def serves(space):
        return continuous(space)

    def sampler(self, optuna, seed):
        return optuna.samplers.CmaEsSampler(seed=seed)


# ---- pycma ------------------------------------------------------------------


class Pycma(Peer):
    """cma.CMAEvolutionStrategy with bounds, begun at a random point.

    The generation has at least as many samples as there are workers; a worker
    that comes when all of it is handed out gets a sample of the same
    distribution.
    """

    packages = ("cma",)
    environment = "optuna"

    @staticmethod
    def serves(space):
        return continuous(space)

    def __init__(self, space, seed, workers):
        import numpy as np

        warnings.simplefilter("ignore")
        import cma

        d = len(space)
        options = {
            "bounds": [0, 1],
            "seed": seed + 1,
            "verbose": -9,
            "popsize": max(4 + int(3 * math.log(d)), workers),
        }
        begin = np.random.default_rng([8, seed]).uniform(0.2, 0.8, d)
        self._space = space
        self._new = lambda: cma.CMAEvolutionStrategy(begin, 0.25, options)
        self._strategy = self._new()
        self._queue, self._told = [], []

    def ask(self):
        if self._strategy.stop():
            self._strategy, self._queue, self._told = self._new(), [], []
        if not self._queue:
            self._queue = list(self._strategy.ask())
        unit = self._queue.pop(0)
        params = {}
        for param, u in zip(self._space, unit):
            params[param.name] = from_unit(param, float(u))
        return (self._strategy, unit), params

    def tell(self, handle, value):
        strategy, unit = handle
        if strategy is not self._strategy:
            return
        self._told.append((unit, value))
        if len(self._told) >= strategy.popsize:
            units, values = zip(*self._told)
            self._queue, self._told = [], []
            strategy.tell(list(units), list(values))


def from_unit(param, u: float):
    """Return the value at a place in [0, 1]."""
    u = min(max(u, 0.0), 1.0)
    if param.kind == "categorical":
        return param.choices[min(int(u * len(param.choices)), len(param.choices) - 1)]
    low, high = param.low, param.high
    if param.kind == "int":
        low, high = low - 0.5, high + 0.5
    if param.log:
        value = low * (high / low) ** u
    else:
        value = low + u * (high - low)
    if param.kind == "int":
        return int(min(max(round(value), param.low), param.high))
    return min(max(value, param.low), param.high)


# ---- BoTorch ----------------------------------------------------------------


class Botorch(Peer):
    """The loop of BoTorch's tutorials.

    SingleTaskGP with its default priors on the unit cube, values standardized
    (its default outcome transform), qLogNoisyExpectedImprovement with the
    trials under way as X_pending, optimize_acqf with 10 restarts of 512 raw
    samples. The first max(5, 2 d) points are scrambled Sobol points.
    """

    packages = ("botorch", "gpytorch", "torch")
    environment = "botorch"
    n = 100

    @staticmethod
    def serves(space):
        return continuous(space)

    def __init__(self, space, seed, workers):
        import torch

        warnings.simplefilter("ignore")
        torch.set_num_threads(1)
        torch.manual_seed(seed)
        self._space, self._seed = space, seed
        self._first = max(5, 2 * len(space))
        self._sobol = torch.quasirandom.SobolEngine(
            len(space), scramble=True, seed=seed
        )
        self._pending, self._xs, self._ys = [], [], []

    def ask(self):
        import torch

        if len(self._ys) < self._first:
            x = self._sobol.draw(1, dtype=torch.double)[0]
        else:
            x = self._suggest(torch)
        self._pending.append(x)
        params = {
            param.name: from_unit(param, float(u))
            for param, u in zip(self._space, x)
        }
        return x, params

    def _suggest(self, torch):
        from botorch.acquisition.logei import qLogNoisyExpectedImprovement
        from botorch.fit import fit_gpytorch_mll
        from botorch.models import SingleTaskGP
        from botorch.optim import optimize_acqf
        from gpytorch.mlls import ExactMarginalLogLikelihood

        xs = torch.stack(self._xs)
        ys = -torch.tensor(self._ys, dtype=torch.double).unsqueeze(-1)
        model = SingleTaskGP(xs, ys)
        fit_gpytorch_mll(ExactMarginalLogLikelihood(model.likelihood, model))
        d = len(self._space)
        acquisition = qLogNoisyExpectedImprovement(
            model, X_baseline=xs, prune_baseline=True,
            X_pending=torch.stack(self._pending) if self._pending else None,
        )
        bounds = torch.stack([torch.zeros(d), torch.ones(d)]).double()
        found, _ = optimize_acqf(
            acquisition, bounds, q=1, num_restarts=10, raw_samples=512
        )
        return found[0].detach()

    def tell(self, x, value):
        self._pending = [other for other in self._pending if other is not x]
        self._xs.append(x)
        self._ys.append(value)


# ---- HEBO -------------------------------------------------------------------


class Hebo(Peer):
    """HEBO(space).suggest() and observe(); it knows no trials under way.

    It knows no conditions either: it sees the flat space.
    """

    packages = ("HEBO", "torch")
    environment = "hebo"
    n = 100

    def __init__(self, space, seed, workers):
        import numpy as np
        import torch
        from hebo.design_space.design_space import DesignSpace
        from hebo.optimizers.hebo import HEBO

        warnings.simplefilter("ignore")
        torch.set_num_threads(1)
        torch.manual_seed(seed)
        np.random.seed(seed)
        self._space = space
        design = DesignSpace().parse([self._definition(p) for p in space])
        self._hebo = HEBO(design, scramble_seed=seed)

    @staticmethod
    def _definition(param):
        if param.kind == "categorical":
            return {"name": param.name, "type": "cat",
                    "categories": [repr(c) for c in param.choices]}
        kinds = {
            ("float", False): "num",
            ("float", True): "pow",
            ("int", False): "int",
            ("int", True): "pow_int",
        }
        return {"name": param.name, "type": kinds[param.kind, param.log],
                "lb": param.low, "ub": param.high}

    def ask(self):
        suggestion = self._hebo.suggest(n_suggestions=1)
        row, params = suggestion.iloc[0], {}
        for param in self._space:
            if not param.active(params):
                continue
            value = row[param.name]
            if param.kind == "categorical":
                names = [repr(choice) for choice in param.choices]
                value = param.choices[names.index(value)]
            elif param.kind == "int":
                value = int(min(max(round(value), param.low), param.high))
            else:
                value = float(min(max(value, param.low), param.high))
            params[param.name] = value
        return suggestion, params

    def tell(self, suggestion, value):
        import numpy as np

        self._hebo.observe(suggestion, np.array([[value]]))


# ---- SMAC3 ------------------------------------------------------------------


class Smac(Peer):
    """SMAC3's ask and tell.

    BlackBoxFacade on floats, as its documentation advises, and
    HyperparameterOptimizationFacade on everything else.
    """

    packages = ("smac", "ConfigSpace")
    environment = "smac"
    n = 100

    def __init__(self, space, seed, workers):
        import logging
        import tempfile

        warnings.simplefilter("ignore")
        logging.disable(logging.WARNING)
        import smac

        facade = smac.HyperparameterOptimizationFacade
        if continuous(space):
            facade = smac.BlackBoxFacade
        self._choices = {param.name: param.choices for param in space}
        self._room = tempfile.TemporaryDirectory()
        scenario = smac.Scenario(
            self._configuration_space(space, seed), deterministic=True,
            n_trials=self.n, seed=seed, output_directory=self._room.name,
        )
        self._smac = facade(
            scenario, target_function=lambda config, seed=0: 0.0,
            overwrite=True, logging_level=False,
            intensifier=facade.get_intensifier(
                scenario, max_config_calls=1
            ),
        )

    @staticmethod
    def _configuration_space(space, seed):
        import ConfigSpace as cs

        built, made = cs.ConfigurationSpace(seed=seed), {}
        for param in space:
            if param.kind == "categorical":
                made[param.name] = cs.CategoricalHyperparameter(
                    param.name, [repr(choice) for choice in param.choices]
                )
            else:
                kind = {
                    "int": cs.UniformIntegerHyperparameter,
                    "float": cs.UniformFloatHyperparameter,
                }[param.kind]
                made[param.name] = kind(
                    param.name, param.low, param.high, log=param.log
                )
            built.add(made[param.name])
        for param in space:
            if param.when:
                parent, values = param.when
                if made[parent].__class__.__name__.startswith("Cat"):
                    values = [repr(value) for value in values]
                built.add(
                    cs.InCondition(made[param.name], made[parent], list(values))
                )
        return built

    def ask(self):
        info, params = self._smac.ask(), {}
        for name, value in dict(info.config).items():
            choices = self._choices[name]
            if choices:
                value = choices[[repr(c) for c in choices].index(value)]
            params[name] = value
        return info, params

    def tell(self, info, value):
        from smac.runhistory.dataclasses import TrialValue

        self._smac.tell(info, TrialValue(cost=value, time=0.5))


PEERS = {
    "random-numpy": Random,
    "optuna-tpe": OptunaTpe,
    "optuna-gp": OptunaGp,
    "optuna-cmaes": OptunaCmaes,
    "pycma": Pycma,
    "botorch": Botorch,
    "hebo": Hebo,
    "smac": Smac,
}
