# SPDX-License-Identifier: MIT
"""cumae - ask what to try next, tell how it went

    import cumae

    study = cumae.Study("my model", {"lr": cumae.Float(1e-5, 1e-1, log=True)})
    for trial in study.work(n_trials=20):
        with trial:
            trial.value = train(trial["lr"])

The address and the token of the service come from CUMAE_URL and CUMAE_TOKEN,
or from ~/.config/cumae/config.ini.
"""

from .campaign import Campaign
from .client import Client, studies
from .errors import (
    BadRequest,
    Conflict,
    CumaeError,
    Forbidden,
    InvalidWebhook,
    NotFound,
    Pruned,
    ServiceError,
    ServiceUnreachable,
    StudyEnded,
    Unauthorized,
    Unprocessable,
)
from .preempt import preemptible
from .scan import Scan, ScanTrial
from .space import Bool, Categorical, Discrete, Float, Int, Parameter
from .study import Study
from .trial import Trial, TrialRecord
from .walltime import walltime_left
from .webhook import verify_webhook

__version__ = "0.1.0"

__all__ = [
    "BadRequest",
    "Bool",
    "Campaign",
    "Categorical",
    "Client",
    "Conflict",
    "CumaeError",
    "Discrete",
    "Float",
    "Forbidden",
    "Int",
    "InvalidWebhook",
    "NotFound",
    "Parameter",
    "Pruned",
    "Scan",
    "ScanTrial",
    "ServiceError",
    "ServiceUnreachable",
    "Study",
    "StudyEnded",
    "Trial",
    "TrialRecord",
    "Unauthorized",
    "Unprocessable",
    "preemptible",
    "studies",
    "verify_webhook",
    "walltime_left",
]
