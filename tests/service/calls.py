# SPDX-License-Identifier: GPL-3.0-or-later
"""calls.py - the calls of a study's life, each of which must succeed"""

import itertools
import uuid
from typing import Any

LINE = {"x": {"type": "float", "low": 0, "high": 1}}
RANDOM = {"name": "random", "seed": 1}

_numbers = itertools.count()


def fresh_name(word: str = "study") -> str:
    """Return a name that no other test uses."""
    return f"{word} {next(_numbers)} {uuid.uuid4().hex[:8]}"


def definition(**fields) -> dict:
    """Return a definition of a new name; random unless told otherwise."""
    return {"name": fresh_name(), "space": LINE, "sampler": RANDOM, **fields}


def objective(direction: str) -> list:
    """Return the one objective of a study."""
    return [{"name": "loss", "direction": direction}]


class Calls:
    """A service as a worker sees it; `ok` fails on any other status."""

    def __init__(self, service):
        self.service = service
        self.api = service.api

    def ok(self, method: str, path: str, body: Any = None, status: int = 200,
           **options) -> Any:
        """Send one request, check its status, return its JSON."""
        answer = self.api(method, path, body, **options)
        assert answer.status == status, f"{answer.status}: {answer.text}"
        return answer.json

    def create(self, **fields) -> dict:
        """Create a study and return it."""
        return self.ok("POST", "/studies", definition(**fields), 201)

    def study(self, study: dict) -> dict:
        """Return the study as it is now."""
        return self.ok("GET", f"/studies/{study['id']}")

    def answer(self, study: dict, **body) -> dict:
        """Ask and return the whole answer."""
        return self.ok("POST", f"/studies/{study['id']}/ask", body)

    def ask(self, study: dict, n: int = 1, **body) -> list:
        """Ask for n trials and return them; all of them must come."""
        trials = self.answer(study, n=n, **body)["trials"]
        assert len(trials) == n
        return trials

    def trial(self, trial: dict) -> dict:
        """Return the trial as it is now."""
        return self.ok("GET", at(trial))

    def trials(self, study: dict, query: str = "limit=1000") -> list:
        """Return the first page of the study's trials."""
        path = f"/studies/{study['id']}/trials?{query}"
        return self.ok("GET", path)["trials"]

    def tell(self, trial: dict, **body) -> dict:
        """Tell and return the answer."""
        return self.ok("POST", at(trial) + "/tell", body)

    def report(self, trial: dict, step: int, value: float) -> dict:
        """Report and return the answer."""
        body = {"step": step, "value": value}
        return self.ok("POST", at(trial) + "/report", body)

    def best(self, study: dict) -> Any:
        """Return the best trial or None."""
        return self.ok("GET", f"/studies/{study['id']}/best")["trial"]


def at(trial: dict) -> str:
    """Return the path of a trial."""
    return f"/studies/{trial['study_id']}/trials/{trial['number']}"
