# SPDX-License-Identifier: GPL-3.0-or-later
"""manage.py - prepare the yardstick's database, and fill a study

Usage: manage.py prepare URL TOKEN       the tables, and a token for a year
       manage.py fill URL FILE N         N finished trials in the study whose
                                         ask has the body in FILE
"""

import hashlib
import json
import random
import sys

import optuna
import sqlalchemy
from app import Backend, open_storage, split


def prepare(url: str, token: str) -> None:
    """Create the tables and a token."""
    storage = open_storage(url)
    digest = hashlib.sha256(token.encode()).hexdigest()
    with storage.engine.begin() as connection:
        connection.execute(
            sqlalchemy.text(
                "CREATE TABLE tokens (hash text PRIMARY KEY,"
                " expires timestamptz NOT NULL)"
            )
        )
        connection.execute(
            sqlalchemy.text(
                "INSERT INTO tokens VALUES (:hash, now() + interval '1 year')"
            ),
            {"hash": digest},
        )


def value_of(params: dict) -> float:
    """Return the value that load.c would tell."""
    return sum((v / (1 + abs(v)) - 0.3) ** 2 for v in params.values())


def draw(stream: random.Random, domain):
    """Return a random value of a distribution of numbers."""
    if isinstance(domain, optuna.distributions.IntDistribution):
        return stream.randint(domain.low, domain.high)
    if domain.log:
        return domain.low * (domain.high / domain.low) ** stream.random()
    return stream.uniform(domain.low, domain.high)


def fill(url: str, path: str, count: int) -> None:
    """Add finished trials at random points."""
    with open(path, encoding="utf-8") as file:
        definition = json.load(file)
    _, space = split(definition)
    stream = random.Random(1)
    trials = []
    for _ in range(count):
        params = {name: draw(stream, space[name]) for name in space}
        trials.append(
            optuna.trial.create_trial(
                params=params, distributions=space, value=value_of(params)
            )
        )
    Backend(url).open(definition).add_trials(trials)


def main(arguments: list) -> None:
    """Run one command."""
    if arguments[:1] == ["prepare"]:
        prepare(*arguments[1:])
    elif arguments[:1] == ["fill"]:
        fill(arguments[1], arguments[2], int(arguments[3]))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
