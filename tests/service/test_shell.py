# SPDX-License-Identifier: GPL-3.0-or-later
"""test_shell.py - cumaed token ... and cumaed user ..., on both databases"""

import json
import re
import subprocess
import time

import harness
import httpx
import pytest
from behind import execute, rows

TOKEN = re.compile(r"cum_[0-9A-Za-z]{36}")


class Shell:
    """The command line of a service that runs."""

    def __init__(self, service):
        self.service = service
        self.database = service.database

    def run(self, *words, code=0):
        """Run a command, check its exit code, return what it printed."""
        done = subprocess.run(
            [harness.binary(), *words, "--database", self.database],
            capture_output=True, text=True, timeout=harness.PATIENCE_S,
            check=False)
        assert done.returncode == code, (words, done.stdout, done.stderr)
        assert bool(done.stderr) == (code != 0), done.stderr
        return done.stderr if code else done.stdout

    def json(self, *words):
        """Run a command with --json and return what it printed."""
        return json.loads(self.run(*words, "--json"))

    def token(self, user, *words):
        """Make a token and return what is known of it, with its secret."""
        return self.json("token", "create", "--user", user, "--name", "t",
                         *words)

    def status(self, token):
        """Return the status of GET /me with a token."""
        return self.service.api("GET", "/me", token=token).status

    def await_status(self, token, status):
        """Wait until a token is answered like this; return the seconds."""
        start = time.monotonic()
        harness.wait_until(lambda: self.status(token) == status,
                           f"status {status}", 10)
        return time.monotonic() - start


@pytest.fixture
def shell(service):
    """The command line of a service that runs."""
    return Shell(service)


def test_a_user_and_a_token_work_at_once_while_the_service_runs(shell):
    assert shell.run("user", "add", "ada", "--email", "ada@example.org") == ""
    secret = shell.run("token", "create", "--user", "ada", "--name", "jobs",
                       "--expires", "1w", "--scopes", "read").strip()
    assert TOKEN.fullmatch(secret)
    me = shell.service.api("GET", "/me", token=secret).json
    assert (me["user"], me["admin"], me["scopes"]) == ("ada", False, ["read"])


def test_a_token_that_the_shell_revokes_is_refused_within_0_2_s(shell):
    waits = []
    for _ in range(5):
        made = shell.token("admin")
        assert shell.status(made["token"]) == 200
        assert shell.run("token", "revoke", str(made["id"])) == ""
        waits.append(shell.await_status(made["token"], 401))
    print("refused after", *(f"{w:.3f}" for w in sorted(waits)))
    assert sorted(waits)[-2] < 0.2, waits
    assert "no such token" in shell.run(
        "token", "revoke", str(made["id"]), code=1)


def test_the_shell_rotates_with_an_overlap(shell):
    old = shell.token("admin", "--expires", "1d")
    new = shell.json("token", "rotate", str(old["id"]), "--overlap_s=60")
    assert new["rotated_from"] == old["id"]
    assert shell.status(new["token"]) == shell.status(old["token"]) == 200
    last = shell.run("token", "rotate", str(new["id"])).strip()
    shell.await_status(new["token"], 401)
    assert shell.status(last) == 200


def test_a_disabled_user_is_refused_until_enabled(shell):
    shell.run("user", "add", "bert")
    token = shell.token("bert")["token"]
    assert shell.status(token) == 200
    shell.run("user", "disable", "bert")
    shell.await_status(token, 401)
    shell.run("user", "enable", "bert")
    shell.await_status(token, 200)


def test_an_administrator_is_made_and_unmade_but_one_stays(shell):
    shell.run("user", "add", "carl", "--admin")
    roles = {u["name"]: u["admin"]
             for u in shell.json("user", "list")["users"]}
    assert roles == {"admin": True, "carl": True}
    shell.run("user", "unadmin", "admin")
    assert "last administrator" in shell.run("user", "unadmin", "carl", code=1)
    shell.run("user", "admin", "admin")


def test_an_invitation_signs_in_once(shell):
    shell.run("user", "add", "dora")
    link = shell.run("user", "invite", "dora").strip()
    code = link.split("#code=")[1]
    url = shell.service.url + "/api/v1/session"
    answers = [httpx.post(url, json={"code": code}).status_code
               for _ in range(2)]
    assert answers == [204, 401]


def test_tokens_are_listed_without_secrets(shell):
    shell.run("user", "add", "emil")
    mine, other = shell.token("emil"), shell.token("admin")
    everybody = shell.json("token", "list")["tokens"]
    assert {mine["id"], other["id"]} <= {t["id"] for t in everybody}
    (only,) = shell.json("token", "list", "--user", "emil")["tokens"]
    assert (only["id"], only["user"]) == (mine["id"], "emil")
    text = shell.run("token", "list")
    assert mine["prefix"] in text and "emil" in text and "valid" in text
    assert not TOKEN.search(text) and not TOKEN.search(json.dumps(everybody))


def test_a_token_of_one_study_is_made_by_its_id(shell):
    study = shell.service.api("POST", "/studies", {
        "name": "s", "space": {"x": {"type": "bool"}}}).json
    made = shell.token("admin", "--study", study["id"])
    assert made["study_id"] == study["id"]
    assert "no such study" in shell.run(
        "token", "create", "--user", "admin", "--name", "t", "--study",
        "nothing", code=1)


@pytest.mark.parametrize("words, code, says", [
    (["token", "burn"], 2, "revoke"),
    (["nonsense"], 2, "cumaed user"),
    (["token", "revoke"], 2, "needs ID"),
    (["token", "list", "more"], 2, "more"),
    (["token", "list", "--study", "--json", "x"], 2, "what is \"x\"?"),
    (["token", "list", "--json=1"], 2, "takes no value"),
    (["token", "list", "--nonsense", "1"], 2, "nonsense"),
    (["token", "revoke", "x"], 1, "not \"x\""),
    (["token", "revoke", "999999"], 1, "no such token"),
    (["token", "create", "--name", "t"], 1, "--user"),
    (["token", "create", "--user", "admin"], 1, "--name"),
    (["token", "create", "--user", "nobody", "--name", "t"], 1, "nobody"),
    (["token", "create", "--user", "admin", "--name", "t", "--scopes",
      "read,write"], 1, "write"),
    (["token", "create", "--user", "admin", "--name", "t", "--expires", "2d"],
     1, "1d, 1w"),
    (["token", "rotate", "1", "--overlap_s", "86401"], 1, "86400"),
    (["user", "add", "a b"], 1, "letters"),
    (["user", "add", "admin"], 1, "taken"),
    (["user", "disable", "nobody"], 1, "nobody"),
    (["user", "disable", "admin"], 1, "last administrator"),
])
def test_misuse_is_an_error_on_standard_error(shell, words, code, says):
    assert says in shell.run(*words, code=code)


def test_a_noun_alone_or_a_flag_without_its_value_is_a_mistake():
    for words, says in ((["token"], "create"),
                        (["token", "list", "--user"], "needs a value")):
        done = subprocess.run([harness.binary(), *words], text=True,
                              capture_output=True, check=False)
        assert done.returncode == 2 and says in done.stderr


def test_help_lists_commands():
    for words in (["--help"], ["token", "--help"], ["user", "add", "-h"]):
        done = subprocess.run([harness.binary(), *words], text=True,
                              capture_output=True, check=True)
        noun = "token" if words[0] == "token" else "user"
        assert f"cumaed {noun}" in done.stdout and not done.stderr


def test_a_database_without_schema_is_left_alone(tmp_path, postgres):
    path = tmp_path / "none.db"
    url = postgres.create()
    for database in (f"sqlite:{path}", url):
        done = subprocess.run(
            [harness.binary(), "user", "add", "ada", "--database", database],
            capture_output=True, text=True, check=False)
        assert done.returncode == 1 and not done.stdout
        assert "cumaed first" in done.stderr or str(path) in done.stderr
    assert not path.exists()
    postgres.drop(url)


def test_a_database_of_another_version_is_left_alone(shell):
    execute(shell.database, "DELETE FROM schema_migrations WHERE version = "
            "(SELECT max(version) FROM schema_migrations)")
    assert "older than this program" in shell.run("user", "list", code=1)
    for version in (1_000, 1_001):
        execute(
            shell.database,
            "INSERT INTO schema_migrations VALUES (%s, 'later', '', 0)",
            version)
    shell.run("user", "list", code=1)


def test_the_shell_works_while_the_service_writes_all_the_time(shell):
    study = shell.service.api("POST", "/studies", {
        "name": "busy", "space": {"x": {"type": "float", "low": 0, "high": 1}},
        "sampler": {"name": "random"}}).json
    path = f"{shell.service.url}/api/v1/studies/{study['id']}/ask"
    load = subprocess.Popen(
        ["sh", "-c", 'while curl -fsS -o /dev/null -H "$auth" "$path" '
                     "-d '{}'; do :; done"],
        env={"auth": f"Authorization: Bearer {shell.service.token}",
             "path": path, "PATH": "/usr/bin:/bin"})
    try:
        for i in range(10):
            shell.run("user", "add", f"user-{i}")
            assert shell.status(shell.token(f"user-{i}")["token"]) == 200
        assert load.poll() is None, "no ask failed"
    finally:
        load.terminate()
        load.wait()
    assert len(shell.json("user", "list")["users"]) == 11


def test_commands_work_while_no_service_runs(shell):
    assert shell.service.terminate() == 0
    shell.run("user", "add", "fritz")
    secret = shell.token("fritz")["token"]
    shell.service.restart()
    assert shell.status(secret) == 200


def test_commands_are_in_the_audit_log_without_a_user(shell):
    shell.run("user", "add", "gerd")
    made = shell.token("gerd")
    shell.run("token", "revoke", str(made["id"]))
    shell.run("user", "invite", "gerd")
    shell.run("user", "disable", "gerd")
    lines = rows(
        shell.database, "SELECT action, object, user_id, before, after "
        "FROM audit ORDER BY id")
    assert [line[:2] for line in lines] == [
        ("user.create", "gerd"), ("token.create", str(made["id"])),
        ("token.revoke", str(made["id"])), ("user.invite", "gerd"),
        ("user.patch", "gerd")]
    assert all(not line[2] for line in lines)
    assert made["token"][8:] not in repr(lines)
    assert json.loads(lines[4][3])["disabled"] is False
    assert json.loads(lines[4][4])["disabled"] is True
