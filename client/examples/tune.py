# SPDX-License-Identifier: MIT
"""tune.py - one worker of a hyperparameter search; start as many as you like

Usage: CUMAE_URL=... CUMAE_TOKEN=... python tune.py [STUDY [TRIALS]]

All workers that say the same study share its trials. One trial is a five-fold
cross-validation of gradient-boosted trees on the breast cancer data of
scikit-learn; the value is the mean area under the ROC curve (AUC).
"""

import sys

import cumae
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold

X, y = load_breast_cancer(return_X_y=True)
FOLDS = StratifiedKFold(5, shuffle=True, random_state=0)


def objective(trial):
    scores = []
    for fold, (train, test) in enumerate(FOLDS.split(X, y)):
        model = HistGradientBoostingClassifier(**trial.params, random_state=0)
        model.fit(X[train], y[train])
        scores.append(roc_auc_score(y[test], model.predict_proba(X[test])[:, 1]))
        if trial.report(sum(scores) / len(scores), step=fold):
            raise cumae.Pruned
    return sum(scores) / len(scores)


def open_study(name, trials):
    space = {
        "learning_rate": cumae.Float(0.01, 0.5, log=True),
        "max_iter": cumae.Int(20, 120),
        "max_leaf_nodes": cumae.Int(3, 63, log=True),
        "min_samples_leaf": cumae.Int(1, 60),
        "l2_regularization": cumae.Float(1e-6, 10, log=True),
        "max_features": cumae.Float(0.1, 1),
    }
    return cumae.Study(name, space, direction="maximize", pruner="median",
                       budget={"max_trials": trials})


if __name__ == "__main__":
    name = sys.argv[1] if len(sys.argv) > 1 else "breast cancer"
    trials = int(sys.argv[2]) if len(sys.argv) > 2 else 60
    # In a batch job: begin nothing that the job cannot end, and hand back what
    # runs when it has to go.
    with cumae.preemptible():
        open_study(name, trials).optimize(
            objective, walltime=cumae.walltime_left)
