# SPDX-License-Identifier: GPL-3.0-or-later
"""behind.py - the database of a service, changed and read behind its back

Parameters are %s, whatever the database.
"""

import contextlib
import sqlite3

import psycopg


@contextlib.contextmanager
def _connected(url):
    if url.startswith("sqlite:"):
        path = url.removeprefix("sqlite:")
        with contextlib.closing(sqlite3.connect(path)) as connection:
            with connection:
                yield connection, lambda text: text.replace("%s", "?")
    else:
        # Some statements are refused in a transaction.
        with psycopg.connect(url, autocommit=True) as connection:
            yield connection, lambda text: text


def execute(url, statement, *values):
    """Run one statement."""
    with _connected(url) as (connection, dialect):
        connection.execute(dialect(statement), values)


def execute_many(url, statement, rows):
    """Run one statement for each row of values."""
    with _connected(url) as (connection, dialect):
        connection.cursor().executemany(dialect(statement), rows)


def rows(url, query):
    """Return the rows of a query."""
    with _connected(url) as (connection, dialect):
        return connection.execute(dialect(query)).fetchall()
