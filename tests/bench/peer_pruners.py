# SPDX-License-Identifier: GPL-3.0-or-later
"""peer_pruners.py - Optuna's pruners on the replayed studies

Runs in the environment of requirements/pruners.txt. Reads a JSON list of
[task, workers, seed] and writes a line {"version", "name", "scores"} for each
pruner, scores in the order of the list.
"""

import json
import sys
import warnings

import optuna
import replay

P = optuna.pruners


def pruners(epochs: int, bound: float) -> dict:
    """Return the pruners by name; `bound` is what a threshold may know."""
    return {
        "median": P.MedianPruner(),
        "median.warmup5": P.MedianPruner(n_warmup_steps=5),
        "percentile": P.PercentilePruner(25.0),
        "halving": P.SuccessiveHalvingPruner(),
        "halving.factor2": P.SuccessiveHalvingPruner(1, 2),
        "halving.factor3": P.SuccessiveHalvingPruner(1, 3),
        "hyperband": P.HyperbandPruner(1, epochs, 3),
        "hyperband.factor4": P.HyperbandPruner(1, epochs, 4),
        "threshold": P.ThresholdPruner(upper=bound, n_warmup_steps=10),
        "patient": P.PatientPruner(None, 5),
        "median.patience5": P.PatientPruner(P.MedianPruner(), 5),
        "halving.patience5": P.PatientPruner(P.SuccessiveHalvingPruner(), 5),
        "wilcoxon": P.WilcoxonPruner(),
    }


def decider(studies: list, name: str):
    """Return what replay.run_all wants."""
    peers, trials = [], []
    for study in studies:
        pruner = pruners(len(study.drawn[0]), study.bound())[name]
        peer = optuna.create_study(
            study_name=str(study.cell),  # Hyperband draws brackets from it
            sampler=optuna.samplers.RandomSampler(seed=0),
            pruner=pruner,
        )
        peers.append(peer)
        trials.append({})

    def decide_one(index, number, step, value, final):
        if number not in trials[index]:
            trials[index][number] = peers[index].ask()
        trial = trials[index][number]
        trial.report(value, step)
        if final is not None:
            peers[index].tell(trial, final)
            return False
        stop = trial.should_prune()
        if stop:
            peers[index].tell(trial, state=optuna.trial.TrialState.PRUNED)
        return stop

    return lambda asked: [decide_one(i, *report) for i, report in asked]


def main() -> None:
    """Run what standard input asks for."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.simplefilter("ignore")
    cells = [replay.Cell(*cell) for cell in json.load(sys.stdin)]
    recorded = {cell.task: replay.curves(cell.task) for cell in cells}
    for name in pruners(1, 0):
        studies = [replay.Study.of(c, recorded[c.task]) for c in cells]
        scores = replay.run_all(studies, decider(studies, name))
        row = {"version": optuna.__version__, "name": name, "scores": scores}
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
