# SPDX-License-Identifier: GPL-3.0-or-later
"""test_role.py - the service as a role that owns nothing

That these rights suffice is shown by the tests of the shared service, which has
no others in PostgreSQL (conftest.py). Here: that they are no more than that.
"""

import subprocess

import harness
import psycopg
import pytest


def migrate(url):
    """Run `cumaed --migrate only`; return the finished process."""
    return subprocess.run(
        [harness.binary(), "--migrate", "only", "--database", url],
        text=True, capture_output=True, timeout=harness.PATIENCE_S,
    )


@pytest.fixture
def restricted(postgres, postgres_database):
    """The URL of a migrated database for the role of the service."""
    return postgres.restrict(postgres_database)


def refused(url, statement):
    """Return whether the role has no right to do this."""
    with psycopg.connect(url, autocommit=True) as connection:
        try:
            connection.execute(statement)
        except psycopg.errors.InsufficientPrivilege:
            return True
    return False


def test_migrating_makes_the_schema_and_serves_nothing(postgres_database):
    done = migrate(postgres_database)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert migrate(postgres_database).returncode == 0
    with psycopg.connect(postgres_database) as connection:
        (users,) = connection.execute("SELECT count(*) FROM users").fetchone()
    assert users == 0


def test_the_service_starts_and_works_without_owning_anything(
    instances, restricted
):
    service = instances(restricted)
    assert service.api("GET", "/me").status == 200
    assert service.terminate() == 0


@pytest.mark.parametrize("statement", [
    "CREATE TABLE mine (x int)",
    "CREATE TEMPORARY TABLE mine (x int)",
    "CREATE SCHEMA mine",
    "ALTER TABLE users ADD COLUMN x int",
    "DROP TABLE trials",
    "TRUNCATE trials CASCADE",
    "CREATE ROLE mine",
    "UPDATE audit SET action = 'nothing'",
    "DELETE FROM audit",
    "TRUNCATE audit",
    "DELETE FROM schema_migrations",
    "COPY users TO PROGRAM 'cat'",
])
def test_the_role_of_the_service_may_not(restricted, statement):
    assert refused(restricted, statement)


def test_the_role_of_the_service_may_add_to_the_audit_log(restricted):
    assert not refused(
        restricted, "INSERT INTO audit (at_ms, action) VALUES (1, 'test.run')"
    )
    assert not refused(restricted, "SELECT * FROM audit")


def test_old_lines_of_the_audit_log_are_removed_only_when_that_is_granted(
    restricted, postgres_database
):
    subprocess.run(
        ["psql", "-Xq", "-v", "ON_ERROR_STOP=1", "-v", "retention=on",
         "-v", f"service={harness.ROLE}", "-f",
         harness.ROOT / "service" / "deploy" / "grants.sql",
         postgres_database],
        check=True, timeout=harness.PATIENCE_S,
    )
    assert not refused(restricted, "DELETE FROM audit")
    assert refused(restricted, "UPDATE audit SET action = 'nothing'")


def test_a_schema_that_is_too_old_is_named_when_the_role_may_not_change_it(
    restricted, postgres_database
):
    with psycopg.connect(postgres_database, autocommit=True) as connection:
        connection.execute(
            "DELETE FROM schema_migrations WHERE version ="
            " (SELECT max(version) FROM schema_migrations)"
        )
        (version,) = connection.execute(
            "SELECT max(version) FROM schema_migrations"
        ).fetchone()
    done = migrate(restricted)
    assert done.returncode == 1
    assert f"the schema has version {version}, " in done.stderr
    assert "run cumaed --migrate only as the role that owns it" in done.stderr
    assert "permission denied" in done.stderr


def test_a_service_on_a_database_without_a_schema_says_what_to_do(
    restricted, postgres_database
):
    with psycopg.connect(postgres_database, autocommit=True) as connection:
        connection.execute("DROP TABLE schema_migrations")
    done = migrate(restricted)
    assert done.returncode == 1
    assert "the schema has version 0, " in done.stderr
