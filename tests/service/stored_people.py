# SPDX-License-Identifier: GPL-3.0-or-later
"""stored_people.py - users of a service, put where the service keeps them

Users are made by signing in, or from a shell. Tests that need many write them
into the database while the service is down.
"""

import hashlib
import secrets
import sqlite3
import string
import zlib

import psycopg

BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
ALL_SCOPES = 15
YEAR_2100_MS = 4102444800000


def new_secret() -> str:
    """Return a token as service/auth.h describes it."""
    text = "cum_" + "".join(secrets.choice(BASE62) for _ in range(30))
    rest, check = zlib.crc32(text.encode()), ""
    for _ in range(6):
        rest, digit = divmod(rest, 62)
        check = BASE62[digit] + check
    return text + check


def execute(service, statements):
    """Run (statement, parameters) in the database of a service that is down."""
    kind, _, rest = service.database.partition(":")
    if kind == "sqlite":
        with sqlite3.connect(rest) as connection:
            for statement, parameters in statements:
                connection.execute(statement, parameters)
        connection.close()
        return
    with psycopg.connect(service.database) as connection:
        for statement, parameters in statements:
            connection.execute(statement.replace("?", "%s"), parameters)


def add_users(service, names, disabled=()):
    """Stop the service, add users, start it again; return a token of each."""
    tokens = {name: new_secret() for name in names}
    statements = []
    for name, token in tokens.items():
        statements.append((
            "INSERT INTO users (name, admin, disabled, created_ms)"
            " VALUES (?, ?, ?, 1)", (name, False, name in disabled)))
        statements.append((
            "INSERT INTO tokens (user_id, kind, hash, prefix, name, scopes,"
            " created_ms, expires_ms) SELECT id, 0, ?, ?, 'test', ?, 1, ?"
            " FROM users WHERE name = ?",
            (hashlib.sha256(token.encode()).digest(), token[:8], ALL_SCOPES,
             YEAR_2100_MS, name)))
    assert service.terminate() == 0
    execute(service, statements)
    service.restart()
    return tokens


def set_disabled(service, name, disabled):
    """Stop the service, disable a user or the reverse, start it again."""
    assert service.terminate() == 0
    execute(service, [
        ("UPDATE users SET disabled = ? WHERE name = ?", (disabled, name))])
    service.restart()


def query(service, statement, parameters):
    """Return the rows of a query in the database of a service that is down."""
    kind, _, rest = service.database.partition(":")
    if kind == "sqlite":
        connection = sqlite3.connect(rest)
    else:
        connection = psycopg.connect(service.database)
        statement = statement.replace("%", "%%").replace("?", "%s")
    try:
        return connection.execute(statement, parameters).fetchall()
    finally:
        connection.close()
