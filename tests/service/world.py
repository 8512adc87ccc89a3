# SPDX-License-Identifier: GPL-3.0-or-later
"""world.py - a service with a provider for each way to be one

A World is a service and its providers:

real     rs256, es256, eddsa: clients of the real provider
forged   says everything in the ID token, machines may come, has admins
asked    says groups only when asked (userinfo)
closed   lets in who is in /cms, whose subject is chosen, one address
twins    publishes another key under the name of its own
turning  is there for a test that changes its keys

A World of ruins has those of RUINS, each of which breaks a rule from the start.
"""

import contextlib
import re
import shutil
import sqlite3
from pathlib import Path

import harness
import psycopg
import pytest
import signing
from issuer import AUDIENCE, CLIENT_SECRET, Issuer, Key, ok

# What does not reach the database need not be tried on both.
on_one = pytest.mark.parametrize("lasting_world", ["sqlite"], indirect=True)
GIVEN_AWAY = Key()  # shares its name with an honest key


def _discovery(**changes):
    def break_it(issuer):
        issuer.answers["/.well-known/openid-configuration"] = (
            lambda _: ok(issuer.discovery(**changes)))

    return break_it


def _answer(path, answer):
    def break_it(issuer):
        issuer.answers[path] = answer

    return break_it


_ELSEWHERE = (302, {"Location": "http://127.0.0.1:1/"}, b"")
_CONFIGURATION = "/.well-known/openid-configuration"

# Nobody can sign in through these.
RUINS = {
    "another-issuer": _discovery(issuer="https://accounts.example"),
    "no-issuer": _discovery(issuer=None),
    "no-keys": _discovery(jwks_uri=None),
    "keys-of-a-file": _discovery(jwks_uri="file:///etc/passwd"),
    "tokens-of-ftp": _discovery(token_endpoint="ftp://127.0.0.1/"),
    "page-of-script": _discovery(authorization_endpoint="javascript:alert(1)"),
    "moved": _answer(_CONFIGURATION, _ELSEWHERE),
    "moved-keys": _answer("/jwks", _ELSEWHERE),
    "failing": _answer(_CONFIGURATION, (500, {}, b"")),
    "failing-keys": _answer("/jwks", (500, {}, b"")),
    "wordy": _answer(_CONFIGURATION, ok(b"<html>")),
    "endless": _answer(_CONFIGURATION, ok(b" " * 2_000_000 + b"{}")),
    "endless-keys": _answer("/jwks", ok(
        b'{"keys":[' + b'{"kty":"oct"},' * 200_000 + b"{}]}")),
    "keyless": lambda issuer: setattr(issuer, "published", []),
    "secret-keys": lambda issuer: setattr(issuer, "published", [
        {"kty": "oct", "kid": issuer.key.kid, "alg": "HS256", "k": "AAAA"}]),
}


class World:
    """A service and its providers; the caller starts and ends the service."""

    def __init__(self, database: str, directory: Path):
        self.issuers = []
        self.service = None
        self.database = database
        self.directory = directory

    def issuer(self) -> Issuer:
        """Return one more issuer of our own."""
        self.issuers.append(Issuer())
        return self.issuers[-1]

    def serve(self, providers: list, *arguments) -> harness.Service:
        """Return a service for these providers, not started yet.

        A key that is not known is looked for at once, and then again after
        one second.
        """
        path = signing.write_providers(
            self.directory / "providers.json", providers)
        self.service = harness.Service(self.database, self.directory, [
            "--oidc_file", str(path), "--oidc_refresh_s", "1",
            "--failed_per_minute", "0", "--log_level", "debug", *arguments])
        return self.service

    def browser(self) -> signing.Browser:
        """Return a new browser."""
        return signing.Browser(self.service)

    def rows(self, sql: str) -> list:
        """Return the rows of a query on the database, as it is now."""
        if not self.database.startswith("sqlite:"):
            with psycopg.connect(self.database) as connection:
                return connection.execute(sql).fetchall()
        # The service has locked its file: look at a copy.
        path = self.database.removeprefix("sqlite:")
        copy = self.directory / "copy.db"
        for end in ("", "-wal"):
            shutil.copy(f"{path}{end}", f"{copy}{end}")
        with contextlib.closing(sqlite3.connect(copy)) as connection:
            return connection.execute(sql).fetchall()

    def execute(self, sql: str) -> None:
        """Change the database while the service is not there."""
        assert self.service.terminate() == 0
        if self.database.startswith("sqlite:"):
            path = self.database.removeprefix("sqlite:")
            with contextlib.closing(sqlite3.connect(path)) as connection:
                connection.execute(sql)
                connection.commit()
        else:
            with psycopg.connect(self.database) as connection:
                connection.execute(sql)
        self.service.restart()

    def groups(self, name: str) -> list:
        """Return the groups of a user."""
        quoted = name.replace("'", "''")
        return sorted(row[0] for row in self.rows(
            "SELECT g.name FROM user_groups g "
            "JOIN group_members m ON m.group_id = g.id "
            f"JOIN users u ON u.id = m.user_id WHERE u.name = '{quoted}'"))

    def check_log(self) -> None:
        """Fail when the log has anything that nobody may read there."""
        log = self.service.stderr_path.read_text(errors="replace")
        # What looks like a JWT, a session, or a secret of ours.
        found = re.search(r"eyJ[\w-]{10,}\.|cum[sr]?_[0-9A-Za-z]{36}", log)
        assert not found, _around(log, found.start())
        for secret in set().union(*(one.secrets for one in self.issuers)):
            assert secret not in log, _around(log, log.index(secret))

    def close(self) -> None:
        """End the service, which must end well, and our own providers."""
        try:
            if self.service:
                self.service.close()
        finally:
            for issuer in self.issuers:
                issuer.close()


def make_world(institute, database, directory) -> World:
    """Return a world of providers that work, its service not started yet."""
    world = World(database, directory)
    world.institute = institute
    world.forged, world.asked, world.closed = (
        world.issuer() for _ in range(3))
    world.twins, world.turning = world.issuer(), world.issuer()
    twin = {**GIVEN_AWAY.jwk, "kid": world.twins.key.kid}
    world.twins.published.insert(0, twin)
    secret = directory / "client_secret"
    secret.write_text(CLIENT_SECRET + "\n")
    secret.chmod(0o600)
    world.serve([
        *(signing.real_provider(alg.lower(), alg, institute)
          for alg in ("RS256", "ES256", "EdDSA")),
        signing.provider(
            "forged", world.forged, machines={"audience": AUDIENCE},
            admins={"groups": ["/admins"], "subjects": ["root"]}),
        signing.provider("asked", world.asked, userinfo=True,
                         client_secret=None, client_secret_file=str(secret)),
        signing.provider("closed", world.closed, allow={
            "groups": ["/cms"], "subjects": ["chosen"],
            "emails": ["guest@cern.example", "*@hep.example"]}),
        signing.provider("twins", world.twins),
        signing.provider("turning", world.turning),
    ])
    return world


def make_ruins(database, directory) -> World:
    """Return a world of providers that do not work."""
    world = World(database, directory)
    world.ruins = {name: world.issuer() for name in RUINS}
    for name, issuer in world.ruins.items():
        RUINS[name](issuer)
    world.serve([signing.provider(*item) for item in world.ruins.items()])
    return world


def _around(log: str, position: int) -> str:
    return log[max(0, position - 300):position + 300]
