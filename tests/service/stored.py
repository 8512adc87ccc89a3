# SPDX-License-Identifier: GPL-3.0-or-later
"""stored.py - a look into the database of a service, past the service"""

import contextlib
import sqlite3

import psycopg


def execute(database, statement):
    """Run a statement behind the back of the service; return the rows."""
    if database.startswith("sqlite:"):
        path = database.removeprefix("sqlite:")
        with contextlib.closing(sqlite3.connect(path, timeout=30)) as session:
            rows = session.execute(statement).fetchall()
            session.commit()
        return rows
    with psycopg.connect(database, autocommit=True) as session:
        cursor = session.execute(statement)
        return cursor.fetchall() if cursor.description else []


def count(database, what):
    """Return how many rows there are."""
    return execute(database, f"SELECT count(*) FROM {what}")[0][0]
