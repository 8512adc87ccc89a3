# SPDX-License-Identifier: GPL-3.0-or-later
"""test_admin.py - users, settings and load, on both databases"""

import threading

import harness
import people
from calls import Calls, definition

NOBODY = {"studies": 0, "trials": 0, "running": 0, "bytes": 0}


# ---- users -------------------------------------------------------------------


def test_a_user_is_made_invited_and_at_home(calls):
    made = people.make_user(calls.service, display_name="Anna É",
                            email="anna@example.org", groups=["higgs", "bsm"])
    assert made["groups"] == ["bsm", "higgs"]
    assert made["use"] == NOBODY and made["last_seen"] is None
    assert not made["admin"] and not made["disabled"]
    token = people.token_of(calls.service, made["name"])
    me = calls.ok("GET", "/me", token=token)
    assert me["user"] == made["name"] and me["admin"] is False
    assert me["display_name"] == "Anna É"
    assert me["email"] == "anna@example.org"
    assert me["groups"] == ["bsm", "higgs"]
    seen = calls.ok("GET", f"/users/{made['name']}")["last_seen"]
    assert seen is not None


def test_a_name_is_taken_once(calls):
    name = people.make_user(calls.service)["name"]
    answer = calls.api("POST", "/users", {"name": name})
    assert answer.status == 409 and "taken" in answer.json["detail"]


def test_racing_calls_make_one_user_of_a_name(calls):
    name, answers = people.fresh_user(), []

    def make():
        answers.append(calls.api("POST", "/users", {"name": name}).status)

    crowd = [threading.Thread(target=make) for _ in range(8)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()
    assert sorted(answers) == [201] + 7 * [409]


def test_users_are_listed_in_pages_and_found(calls):
    word = people.fresh_user()
    names = [people.make_user(calls.service, name=f"{word}.{i}")["name"]
             for i in range(5)]
    mail = people.make_user(calls.service, email=f"{word.upper()}@x.org")
    found, cursor = [], ""
    while cursor is not None:
        page = calls.ok("GET", f"/users?q={word}&limit=2{cursor}")
        found += [user["name"] for user in page["users"]]
        cursor = page["next"] and f"&cursor={page['next']}"
    assert found == names + [mail["name"]]


def test_use_is_what_the_studies_of_a_user_have(calls):
    name, token = people.join(calls.service)
    body = definition()
    study = calls.ok("POST", "/studies", body, 201, token=token)
    path = f"/studies/{study['id']}"
    trials = calls.ok("POST", path + "/ask", {"n": 3}, token=token)["trials"]
    before = calls.ok("GET", f"/users/{name}")["use"]
    assert (before["studies"], before["trials"], before["running"]) == (1, 3, 3)
    calls.ok("POST", f"{path}/trials/{trials[0]['number']}/tell",
             {"value": 1, "outputs": {"text": "x" * 5000}}, token=token)
    after = calls.ok("GET", f"/users/{name}")["use"]
    assert (after["trials"], after["running"]) == (3, 2)
    assert 5000 <= after["bytes"] - before["bytes"] < 7000
    assert calls.ok("GET", "/me", token=token)["use"] == after
    calls.ok("DELETE", path, status=204, token=token)
    assert calls.ok("GET", f"/users/{name}")["use"] == NOBODY


def test_only_administrators_look_after_users(calls):
    name, token = people.join(calls.service)
    paths = [("GET", "/users"), ("GET", f"/users/{name}"),
             ("POST", "/users"), ("PATCH", f"/users/{name}"),
             ("POST", f"/users/{name}/invitation"), ("GET", "/audit"),
             ("GET", "/admin/settings"), ("GET", "/admin/load")]
    for method, path in paths:
        body = {} if method != "GET" else None
        assert calls.api(method, path, body, token=token).status == 403
    calls.ok("PATCH", f"/users/{name}", {"admin": True})
    assert calls.ok("GET", "/users", token=token)["users"]
    calls.ok("PATCH", f"/users/{name}", {"admin": False})
    assert calls.api("GET", "/users", token=token).status == 403


def test_a_disabled_user_is_out_at_once_and_back_when_enabled(calls):
    name, token = people.join(calls.service)
    study = calls.ok("POST", "/studies", definition(), 201, token=token)
    path = f"/studies/{study['id']}"
    trial = calls.ok("POST", path + "/ask", {}, token=token)["trials"][0]
    tell = f"{path}/trials/{trial['number']}/tell"
    assert calls.ok("PATCH", f"/users/{name}", {"disabled": True})["disabled"]
    assert calls.api("GET", "/me", token=token).status == 401
    assert calls.api("POST", tell, {"value": 1}, token=token).status == 401
    assert calls.api("POST", f"/users/{name}/invitation").status == 409
    calls.ok("PATCH", f"/users/{name}", {"disabled": False})
    assert calls.ok("POST", tell, {"value": 1}, token=token)["state"] == (
        "complete")


def test_another_instance_hears_of_a_disabled_user(instances, postgres_database):
    one = instances(postgres_database)
    name, token = people.join(one)
    other = instances(postgres_database, token=one.token)
    assert other.api("GET", "/me", token=token).status == 200
    one.api("PATCH", f"/users/{name}", {"disabled": True})
    harness.wait_until(
        lambda: other.api("GET", "/me", token=token).status == 401,
        "the other instance to refuse the token")


def test_a_new_invitation_ends_the_one_before(calls):
    name = people.make_user(calls.service)["name"]
    first, second = (people.invite(calls.service, name) for _ in range(2))
    assert people.sign_in(calls.service, first).status_code == 401
    assert people.sign_in(calls.service, second).status_code == 204
    assert people.sign_in(calls.service, second).status_code == 401


def test_the_last_administrator_stays_one(service):
    calls = Calls(service)
    me = calls.ok("GET", "/me")["user"]
    for change in ({"admin": False}, {"disabled": True}):
        answer = calls.api("PATCH", f"/users/{me}", change)
        assert answer.status == 409 and "last" in answer.json["detail"]
    second, token = people.join(service, admin=True)
    statuses = []

    def demote(name):
        answer = service.api("PATCH", f"/users/{name}", {"admin": False},
                             token=token)
        statuses.append(answer.status)

    crowd = [threading.Thread(target=demote, args=[name])
             for name in (me, second)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()
    left = [t for t in (service.token, token)
            if service.api("GET", "/users", token=t).status == 200]
    assert len(left) == 1
    # The loser was told so, or was no administrator any more.
    assert statuses.count(200) == 1 and set(statuses) <= {200, 403, 409}


def test_quotas_are_set_one_by_one_and_forgotten_by_null(calls):
    name = people.make_user(calls.service)["name"]
    calls.ok("PATCH", f"/users/{name}", {"quotas": {"max_trials": 7}})
    user = calls.ok("PATCH", f"/users/{name}",
                    {"quotas": {"max_running": 0, "requests_per_minute": 9}})
    assert user["quotas"] == {"max_studies": None, "max_trials": 7,
                              "max_running": 0, "max_bytes": None,
                              "requests_per_minute": 9}
    assert user["limits"]["max_trials"] == 7
    assert user["limits"]["max_running"] is None
    user = calls.ok("PATCH", f"/users/{name}", {"quotas": {"max_trials": None}})
    assert user["quotas"]["max_trials"] is None


# ---- the service ------------------------------------------------------------


def test_settings_say_where_they_came_from_and_keep_secrets(instances, postgres,
                                                           tmp_path):
    url = postgres.create()
    secret = url.replace("cumae@", "cumae:hunter2@")
    file = tmp_path / "cumae.conf"
    file.write_text("idle_s = 33\n")
    one = instances(secret, arguments=["--config", str(file), "--loops", "2"],
                    environment={"CUMAE_WORKERS": "3"})
    answer = one.api("GET", "/admin/settings")
    found = {s["name"]: (s["value"], s["source"])
             for s in answer.json["settings"]}
    assert found["idle_s"] == ("33", "file")
    assert found["workers"] == ("3", "environment")
    assert found["loops"] == ("2", "flag")
    assert found["max_connections"][1] == "default"
    assert found["database"][0] == url.replace("cumae@", "cumae:***@")
    assert "hunter2" not in answer.text
    one.close()
    postgres.drop(url)


def test_the_load_counts_what_there_is(service):
    calls = Calls(service)
    study = calls.create()
    calls.ask(study, 5)
    load = calls.ok("GET", "/admin/load")
    assert load["database"]["bytes"] > 0
    assert {"trials", "studies", "audit"} <= {
        table["name"] for table in load["database"]["tables"]}
    (me,) = load["database"]["users"]
    assert me["trials"] == me["running"] == 5 and me["bytes"] > 0
    assert load["live_studies"] >= 1 and load["rates"]["commits_per_s"] > 0
    calls.ask(study)
    again = calls.ok("GET", "/admin/load")
    assert again["database"] == load["database"]  # kept for a minute
    assert again["uptime_s"] >= load["uptime_s"]


# ---- the audit log ----------------------------------------------------------


def test_old_lines_go_and_young_ones_stay(instances, postgres_database):
    import psycopg

    one = instances(postgres_database, arguments=["--audit-days", "1"])
    people.make_user(one)
    with psycopg.connect(postgres_database, autocommit=True) as connection:
        connection.execute("INSERT INTO audit (at_ms, action) "
                           "SELECT 1, 'test.old' FROM generate_series(1, 50)")
        connection.execute("UPDATE audit SET at_ms = 1 WHERE id = 1")
    people.make_user(one)

    def left():
        lines = one.api("GET", "/audit").json["audit"]
        return [line["action"] for line in lines]

    # Ids ascend with time, so old lines are the first.
    harness.wait_until(lambda: "test.old" not in left(), "the sweep")
    assert left() == ["user.create"]


def test_the_audit_log_is_filtered_and_paged(calls):
    name, token = people.join(calls.service)
    study = calls.ok("POST", "/studies", definition(), 201, token=token)
    path = f"/studies/{study['id']}"
    for verb in ("pause", "resume", "pause"):
        calls.ok("POST", f"{path}/{verb}", token=token)
    mine = calls.ok("GET", f"/audit?user={name}&action=study")["audit"]
    assert [line["action"] for line in mine] == [
        "study.pause", "study.resume", "study.pause", "study.create"]
    assert {line["user"] for line in mine} == {name}
    assert {line["study_id"] for line in mine} == {study["id"]}
    assert mine[0]["before"]["state"] == "running"
    assert mine[0]["after"]["state"] == "paused"
    assert mine[0]["address"] and mine[0]["request_id"]
    page = calls.ok("GET", f"/audit?study={study['id']}&limit=3")
    rest = calls.ok(
        "GET", f"/audit?study={study['id']}&limit=3&cursor={page['next']}")
    assert page["audit"] + rest["audit"] == mine and rest["next"] is None
    exact = calls.ok("GET", f"{path}/audit?action=study.resume", token=token)
    assert exact["audit"] == [mine[1]]
    since = mine[0]["at"]
    assert mine[-1] not in calls.ok(
        "GET", f"{path}/audit?until={mine[-1]['at']}", token=token)["audit"]
    assert mine[0] in calls.ok(
        "GET", f"{path}/audit?since={since}", token=token)["audit"]


def test_the_lines_of_a_study_are_its_owners_to_read(calls):
    study = calls.create()
    _, token = people.join(calls.service)
    answer = calls.api("GET", f"/studies/{study['id']}/audit", token=token)
    assert answer.status == 404


def test_a_deleted_study_is_remembered(calls):
    study = calls.create()
    calls.ask(study, 2)
    calls.ok("DELETE", f"/studies/{study['id']}", status=204)
    lines = calls.ok("GET", f"/audit?study={study['id']}")["audit"]
    assert [line["action"] for line in lines] == ["study.delete",
                                                  "study.create"]
    assert lines[0]["before"]["name"] == study["name"]
    assert lines[0]["before"]["trials"] == 2 and lines[0]["after"] is None


def test_a_call_that_changes_nothing_leaves_no_line(calls):
    study = calls.create()
    path = f"/studies/{study['id']}"
    body = {"name": study["name"], "space": study["space"],
            "sampler": study["sampler"]}
    calls.ok("POST", "/studies", body)
    calls.ok("POST", path + "/resume")
    lines = calls.ok("GET", path + "/audit")["audit"]
    assert [line["action"] for line in lines] == ["study.create"]


def test_no_secret_is_in_the_audit_log(calls):
    name, token = people.join(calls.service)
    path = f"/studies/{calls.create()['id']}"
    hook = calls.ok("POST", path + "/webhooks",
                    {"url": "https://example.org/hidden?key=hidden"}, 201)
    calls.ok("PATCH", f"{path}/webhooks/{hook['id']}", {"enabled": False})
    lines = calls.ok("GET", path + "/audit")["audit"]
    assert lines[0]["before"] == {"host": "example.org", "events": None,
                                  "enabled": True}
    assert lines[0]["after"]["enabled"] is False
    everything = calls.api("GET", "/audit?limit=1000").text
    for secret in ("hidden", "cuml_", token, hook["secret"]):
        assert secret not in everything
