# SPDX-License-Identifier: GPL-3.0-or-later
"""app.py - the yardstick: a Hopaas service on FastAPI, Optuna and PostgreSQL

What a good team would write with these tools: several uvicorn workers, blocking
work in threads, one connection pool per worker, studies found by hash and kept
with their sampler, Optuna's own cache of finished trials in front of the
database, tokens checked in the database. `make bench-http` compares cumaed to
it. Start: PEER_DATABASE=postgresql+psycopg2://... uvicorn app:app --workers 2
"""

import base64
import contextlib
import hashlib
import json
import os
import threading

import anyio.to_thread
import optuna
import sqlalchemy
from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.responses import JSONResponse
from optuna.distributions import (
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.trial import TrialState

POOL = 20
SAMPLERS = {
    "TPESampler": optuna.samplers.TPESampler,
    "RandomSampler": optuna.samplers.RandomSampler,
}
PRUNERS = {
    "NopPruner": optuna.pruners.NopPruner,
    "MedianPruner": optuna.pruners.MedianPruner,
    "ThresholdPruner": optuna.pruners.ThresholdPruner,
    "HyperbandPruner": optuna.pruners.HyperbandPruner,
}
RENAMED = {"min_resources": "min_resource", "max_resources": "max_resource"}
CONFIG = "hopaas_config"

optuna.logging.set_verbosity(optuna.logging.ERROR)


def open_storage(url: str) -> optuna.storages.RDBStorage:
    """Return Optuna's storage on a pool of connections."""
    return optuna.storages.RDBStorage(
        url, engine_kwargs={"pool_size": POOL, "max_overflow": 0}
    )


class Backend:
    """The database, and the studies that this worker has met."""

    def __init__(self, url: str):
        self.storage = open_storage(url)
        self._studies = {}
        self._lock = threading.Lock()

    def authorize(self, token: str) -> None:
        """Raise 401 unless the database knows the token and it is valid."""
        digest = hashlib.sha256(token.encode()).hexdigest()
        query = sqlalchemy.text(
            "SELECT 1 FROM tokens WHERE hash = :hash AND expires > now()"
        )
        with self.storage.engine.connect() as connection:
            if connection.execute(query, {"hash": digest}).first() is None:
                raise HTTPException(401, "the token is not valid")

    def open(self, definition: dict) -> optuna.Study:
        """Find or create the study that a definition describes."""
        name = identity(definition)
        study = self._studies.get(name)
        if study is None:
            study = self._make(name, definition[CONFIG], create=True)
            study.set_user_attr(CONFIG, definition[CONFIG])
            study = self._keep(name, study)
        return study

    def find(self, name: str) -> optuna.Study:
        """Return a study that some worker has created, or raise 404."""
        study = self._studies.get(name)
        if study is None:
            try:
                bare = optuna.load_study(study_name=name, storage=self.storage)
            except KeyError:
                raise HTTPException(404, f"no study {name}") from None
            config = bare.user_attrs.get(CONFIG, {})
            study = self._keep(name, self._make(name, config, create=False))
        return study

    def _make(self, name: str, config: dict, create: bool) -> optuna.Study:
        sampler = component(SAMPLERS, config.get("sampler"), "TPESampler")
        pruner = component(PRUNERS, config.get("pruner"), "NopPruner")
        if not create:
            return optuna.load_study(
                study_name=name,
                storage=self.storage,
                sampler=sampler,
                pruner=pruner,
            )
        return optuna.create_study(
            study_name=name,
            storage=self.storage,
            sampler=sampler,
            pruner=pruner,
            direction=config.get("direction", "minimize"),
            load_if_exists=True,
        )

    def _keep(self, name: str, study: optuna.Study) -> optuna.Study:
        with self._lock:
            return self._studies.setdefault(name, study)


def component(known: dict, given, default: str):
    """Return the sampler or pruner of a hopaas_config entry."""
    name = (given or {}).get("name", default)
    if name not in known:
        raise HTTPException(422, f"unknown: {name}")
    arguments = (given or {}).get("args", {})
    return known[name](**{RENAMED.get(k, k): v for k, v in arguments.items()})


def identity(definition: dict) -> str:
    """Return the study id: a digest of all but the special properties."""
    kept = {k: v for k, v in definition.items() if not k.startswith("_")}
    text = json.dumps(kept, sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(text.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def distribution(text: str):
    """Return the distribution of `optuna#kind(arguments)`."""
    kind, _, rest = text.removeprefix("optuna#").partition("(")
    arguments = rest[: rest.rindex(")")].split(",")
    if kind == "categorical":
        return CategoricalDistribution(arguments)
    low, high = float(arguments[0]), float(arguments[1])
    more = [a.strip().lower() for a in arguments[2:]]
    if kind == "int":
        return IntDistribution(
            int(low), int(high), log=more[1] == "true", step=int(more[0])
        )
    if kind in ("loguniform", "log_uniform"):
        return FloatDistribution(low, high, log=True)
    if kind in ("uniform", "float", "discrete_uniform"):
        step = more[0] if more else "nan"
        return FloatDistribution(
            low,
            high,
            log=len(more) > 1 and more[1] == "true",
            step=None if step in ("nan", "none", "null") else float(step),
        )
    raise HTTPException(422, f"unknown suggestion: {kind}")


def split(definition: dict):
    """Return the constants and the distributions of an ask's body."""
    constants, distributions = {}, {}
    for key, value in definition.items():
        if key == CONFIG or key.startswith("_"):
            continue
        if isinstance(value, str) and value.startswith("optuna#"):
            distributions[key] = distribution(value)
        else:
            constants[key] = value
    return constants, distributions


@contextlib.asynccontextmanager
async def lifespan(app: FastAPI):
    """Open the pool, and as many threads as it has connections."""
    anyio.to_thread.current_default_thread_limiter().total_tokens = POOL
    app.state.backend = Backend(os.environ["PEER_DATABASE"])
    yield
    app.state.backend.storage.engine.dispose()


async def body_of(request: Request) -> dict:
    """Return the JSON body, whatever its Content-Type says."""
    return json.loads(await request.body())


def trial_of(backend: Backend, text: str):
    """Return study, number and stored trial of SUID:N."""
    name, _, number = text.rpartition(":")
    study = backend.find(name)
    trial_id = backend.storage.get_trial_id_from_study_id_trial_number(
        study._study_id, int(number)
    )
    return study, trial_id, backend.storage.get_trial(trial_id)


app = FastAPI(lifespan=lifespan, openapi_url=None)


@app.get("/api/version")
def version():
    """Answer the version."""
    return f"peer, optuna {optuna.__version__}"


@app.post("/api/ask/{token}")
def ask(token: str, request: Request, body: dict = Depends(body_of)):
    """Find or create the study, suggest, and echo the constants."""
    backend = request.app.state.backend
    backend.authorize(token)
    constants, distributions = split(body)
    study = backend.open(body)
    trial = study.ask(distributions)
    name = f"{study.study_name}:{trial.number}"
    return JSONResponse({"hopaas_trial": name, **constants, **trial.params})


@app.post("/api/tell/{token}")
def tell(token: str, request: Request, body: dict = Depends(body_of)):
    """Finish a trial; a repeat is harmless."""
    backend = request.app.state.backend
    backend.authorize(token)
    name, _, number = body["hopaas_trial"].rpartition(":")
    backend.find(name).tell(int(number), body["loss"], skip_if_finished=True)
    return Response()


@app.post("/api/should_prune/{token}")
def should_prune(token: str, request: Request, body: dict = Depends(body_of)):
    """Record a report and answer whether to stop."""
    backend = request.app.state.backend
    backend.authorize(token)
    study, trial_id, stored = trial_of(backend, body["hopaas_trial"])
    stop = stored.state == TrialState.PRUNED
    if not stored.state.is_finished():
        trial = optuna.Trial(study, trial_id)
        trial.report(body["loss"], body["step"])
        stop = trial.should_prune()
        if stop:
            study.tell(stored.number, state=TrialState.PRUNED)
    return Response("true" if stop else "false", media_type="application/json")


@app.post("/api/mark_as_failed/{token}")
def mark_as_failed(token: str, request: Request, body: dict = Depends(body_of)):
    """Finish a trial without a value."""
    backend = request.app.state.backend
    backend.authorize(token)
    name, _, number = body["hopaas_trial"].rpartition(":")
    backend.find(name).tell(
        int(number), state=TrialState.FAIL, skip_if_finished=True
    )
    return Response()


@app.get("/api/get_best_trial/{token}")
def get_best_trial(token: str, request: Request, hopaas_trial: str):
    """Answer the best trial as SUID:N."""
    backend = request.app.state.backend
    backend.authorize(token)
    study = backend.find(hopaas_trial.rpartition(":")[0])
    try:
        return f"{study.study_name}:{study.best_trial.number}"
    except ValueError:
        raise HTTPException(404, "no trial is complete") from None
