# SPDX-License-Identifier: GPL-3.0-or-later
"""signing.py - signing in to a service through providers, without a browser

A `Browser` keeps cookies and follows nothing by itself. `Institute` is the
real provider of tests/oidc.
"""

import json
import re
import subprocess
from typing import Optional
from urllib.parse import parse_qsl, urlsplit

import harness
import httpx
from issuer import AUDIENCE, CLIENT, CLIENT_SECRET

FOLDER = harness.ROOT / "build" / "oidc"
SESSION = re.compile(r"(__Host-)?cumae_session")


def new_client(**options) -> httpx.Client:
    """Return a client for plain HTTP: authorities take long to load."""
    return httpx.Client(verify=False, timeout=harness.PATIENCE_S, **options)


class Institute:
    """The provider of tests/oidc in a process of its own; close() ends it."""

    def __init__(self, **settings):
        assert (FOLDER / ".done").exists(), "build it with `make oidc`"
        self._process = subprocess.Popen(
            ["node", FOLDER / "provider.mjs", json.dumps(settings)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        line = self._process.stdout.readline()
        assert line.startswith("listening on "), line
        self.url = line.split()[-1]

    def control(self, **changes) -> None:
        """Change settings, or rotate its keys."""
        with new_client() as client:
            reply = client.post(self.url + "/control", json=changes)
        assert reply.status_code == 204, reply.text

    def consent(self, location: str, login: str) -> str:
        """Sign in at its pages; return the URL that leads back."""
        with new_client() as client:
            reply = client.get(location)
            while urlsplit(str(reply.url)).netloc == urlsplit(self.url).netloc:
                if reply.status_code == 200:
                    reply = client.post(reply.url, data={"login": login})
                assert reply.is_redirect, reply.text
                target = reply.url.join(reply.headers["location"])
                if not str(target).startswith(self.url):
                    return str(target)
                reply = client.get(target)

    def machine_token(self, alg: str, scope: str) -> str:
        """Return a JWT for a machine, of the given scopes."""
        name = f"machine-{alg}"
        with new_client() as client:
            reply = client.post(
                self.url + "/token", auth=(name, f"secret%20of%20{name}"),
                data={"grant_type": "client_credentials", "scope": scope,
                      "resource": AUDIENCE})
        assert reply.status_code == 200, reply.text
        return reply.json()["access_token"]

    def close(self) -> None:
        """End the process."""
        self._process.terminate()
        self._process.wait(harness.PATIENCE_S)
        self._process.stdout.close()


class Browser:
    """What one person's browser holds for a service."""

    def __init__(self, service):
        self.service = service
        self.http = new_client(base_url=service.url)

    def go(self, provider: str, return_to: Optional[str] = None) -> str:
        """Ask to sign in; return the provider's address."""
        reply = self.try_to_go(provider, return_to)
        assert reply.status_code == 302, reply.text
        return reply.headers["location"]

    def try_to_go(self, provider, return_to=None) -> httpx.Response:
        """Ask to sign in; return the answer, whatever it is."""
        query = {} if return_to is None else {"return_to": return_to}
        return self.http.get(f"/api/v1/sign-in/{provider}", params=query)

    def come_back(self, provider: str, query) -> httpx.Response:
        """Come back from the provider with a query, or the URL it gave."""
        if isinstance(query, str):
            query = dict(parse_qsl(urlsplit(query).query))
        return self.http.get(
            f"/api/v1/sign-in/{provider}/callback", params=query)

    def sign_in(self, provider, issuer, **consent) -> httpx.Response:
        """Sign in with our own issuer; return the last answer."""
        location = self.go(provider)
        return self.come_back(provider, issuer.consent(location, **consent))

    def me(self) -> Optional[dict]:
        """Return who the service thinks that this is; None for nobody."""
        reply = self.http.get("/api/v1/me")
        assert reply.status_code in (200, 401), reply.text
        return reply.json() if reply.status_code == 200 else None

    def close(self) -> None:
        """Forget everything."""
        self.http.close()


def provider(name: str, issuer, **fields) -> dict:
    """Return the entry of one of our issuers in the file of providers."""
    entry = {
        "name": name, "title": f"The {name} institute", "issuer": issuer.url,
        "client_id": CLIENT, "client_secret": CLIENT_SECRET,
        "scopes": "openid profile email", "groups_claim": "groups",
        **fields,
    }
    return {k: v for k, v in entry.items() if v is not None}


def real_provider(name: str, alg: str, institute, **fields) -> dict:
    """Return the entry of the real provider, with a client of this alg."""
    return {
        **provider(name, institute), "client_id": f"people-{alg}",
        "client_secret": f"secret of people-{alg}",
        "scopes": "openid profile email groups", "userinfo": True, **fields,
    }


def write_providers(path, providers: list):
    """Write the file of providers, as only its owner may read it."""
    path.write_text(json.dumps({"providers": providers}))
    path.chmod(0o600)
    return path


def member(called: str, **claims) -> dict:
    """Return the claims of somebody who is called that."""
    return {"sub": f"sub of {called}", "preferred_username": called, **claims}


def signed_in(reply: httpx.Response, to: str = "/") -> None:
    """Fail unless the answer leads to the page, with a session."""
    assert reply.status_code == 302, reply.text
    assert reply.headers["location"] in (to, f"{to}#/"), reply.headers
    assert _session(reply), "no session"


def refused(reply: httpx.Response, *issuers) -> str:
    """Fail unless a person is told no, and nothing else; return the words."""
    assert reply.status_code == 302, f"{reply.status_code}: {reply.text}"
    location = reply.headers["location"]
    assert re.match(r"/#error=[^#]+$", location), location
    assert not _session(reply), "a session after all"
    for secret in set().union(*(one.secrets for one in issuers)):
        assert secret not in location
    return location


def _session(reply: httpx.Response) -> Optional[str]:
    """Return the session of an answer's cookies."""
    for name, value in reply.cookies.items():
        if SESSION.fullmatch(name) and value.strip('"'):
            return value
    return None
