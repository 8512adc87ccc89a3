# SPDX-License-Identifier: GPL-3.0-or-later
"""people.py - users of a service, made as an administrator makes them"""

import itertools
import uuid

import httpx

SCOPES = ["read", "ask", "steer", "admin"]
_numbers = itertools.count()


def fresh_user() -> str:
    """Return a name that no other test uses."""
    return f"user{next(_numbers)}-{uuid.uuid4().hex[:6]}"


def code_of(link: str) -> str:
    """Return the code in a sign-in link."""
    return link.rsplit("#code=", 1)[1]


def sign_in(service, code: str) -> httpx.Response:
    """Use a code up; the answer has the cookie of the session."""
    return httpx.post(service.url + "/api/v1/session", json={"code": code},
                      timeout=60)


def invite(service, name: str) -> str:
    """Return a fresh code for the user."""
    answer = service.api("POST", f"/users/{name}/invitation")
    assert answer.status == 201, answer.text
    return code_of(answer.json["url"])


def make_user(service, **fields) -> dict:
    """Make a user and return it."""
    body = {"name": fresh_user(), **fields}
    answer = service.api("POST", "/users", body)
    assert answer.status == 201, answer.text
    return answer.json


def token_of(service, name: str, scopes=SCOPES) -> str:
    """Sign the user in by an invitation and return a new token."""
    session = sign_in(service, invite(service, name))
    assert session.status_code == 204, session.text
    made = httpx.post(
        service.url + "/api/v1/tokens",
        json={"name": "test", "scopes": list(scopes)},
        cookies=session.cookies, headers={"X-Cumae-CSRF": "1"}, timeout=60)
    assert made.status_code == 201, made.text
    return made.json()["token"]


def join(service, **fields) -> tuple:
    """Make a user who has joined; return the name and a token."""
    name = make_user(service, **fields)["name"]
    return name, token_of(service, name)
