# SPDX-License-Identifier: GPL-3.0-or-later
"""test_quotas.py - what users may use, as they see it, on both databases"""

from concurrent.futures import ThreadPoolExecutor

import people
from calls import LINE, Calls, definition


def limit(calls, name, **quotas):
    """Set quotas of a user."""
    calls.ok("PATCH", f"/users/{name}", {"quotas": quotas})


def refused(answer):
    """Check that a quota refused the call; return the detail."""
    assert answer.status == 403 and answer.json["code"] == "quota"
    return answer.json["detail"]


def test_an_ask_beyond_the_running_trials_is_told_when_to_come_back(calls):
    name, token = people.join(calls.service)
    limit(calls, name, max_running=2)
    studies = [calls.ok("POST", "/studies", definition(), 201, token=token)
               for _ in range(2)]
    first = calls.ok("POST", f"/studies/{studies[0]['id']}/ask", {"n": 5},
                     token=token)
    assert len(first["trials"]) == 2 and first["reason"] == "quota"
    assert "max_running of the owner is 2" in first["detail"]
    second = calls.ok("POST", f"/studies/{studies[1]['id']}/ask", {},
                      token=token)
    assert second["trials"] == [] and second["reason"] == "quota"
    assert second["retry_after_s"] > 0


def test_trials_and_studies_beyond_a_quota_are_refused_by_name(calls):
    name, token = people.join(calls.service)
    limit(calls, name, max_trials=3, max_studies=1)
    study = calls.ok("POST", "/studies", definition(), 201, token=token)
    path = f"/studies/{study['id']}"
    many = {"trials": [{"params": {"x": 0.1}}] * 4}
    detail = refused(calls.api("POST", path + "/trials", many, token=token))
    assert "max_trials of the owner is 3: 0 are in use, 4 more" in detail
    calls.ok("POST", path + "/ask", {"n": 3}, token=token)
    refused(calls.api("POST", path + "/ask", {}, token=token))
    assert "max_studies" in refused(
        calls.api("POST", "/studies", definition(), token=token))
    assert "max_studies" in refused(
        calls.api("POST", "/ask", {"study": definition()}, token=token))
    clone = {"name": definition()["name"]}
    assert "max_studies" in refused(
        calls.api("POST", path + "/clone", clone, token=token))
    calls.ok("POST", path + "/trials/0/cancel", token=token)
    refused(calls.api("POST", path + "/trials/0/rerun", token=token))
    calls.ok("DELETE", path + "/trials/0", status=204, token=token)
    calls.ok("POST", path + "/ask", {}, token=token)


def test_a_quota_is_the_owners_whoever_asks(calls):
    name, token = people.join(calls.service)
    limit(calls, name, max_running=1)
    study = calls.ok("POST", "/studies", definition(), 201, token=token)
    path = f"/studies/{study['id']}/ask"
    calls.ok("POST", path, {}, token=token)
    answer = calls.ok("POST", path, {})  # by an administrator
    assert answer["trials"] == [] and answer["reason"] == "quota"


def test_bytes_beyond_the_quota_refuse_asks_and_no_tell(calls):
    name, token = people.join(calls.service)
    study = calls.ok("POST", "/studies", definition(), 201, token=token)
    path = f"/studies/{study['id']}"
    calls.ok("POST", path + "/ask", {"n": 2}, token=token)
    limit(calls, name, max_bytes=1)
    calls.ok("POST", path + "/trials/0/tell",
             {"value": 1, "outputs": {"text": "x" * 10000}}, token=token)
    detail = refused(calls.api("POST", path + "/ask", {}, token=token))
    assert "max_bytes" in detail


def test_a_copy_beyond_the_quota_is_no_half_study(calls):
    name, token = people.join(calls.service)
    study = calls.ok("POST", "/studies", definition(), 201, token=token)
    path = f"/studies/{study['id']}"
    trials = [{"params": {"x": i / 400}, "state": "complete", "value": i}
              for i in range(400)]
    calls.ok("POST", path + "/trials", {"trials": trials}, 201, token=token)
    limit(calls, name, max_trials=700)
    clone = {"name": definition()["name"]}
    refused(calls.api("POST", path + "/clone", clone, token=token))
    found = calls.ok("GET", "/studies", token=token)["studies"]
    assert [each["id"] for each in found] == [study["id"]]
    limit(calls, name, max_trials=None)
    made = calls.ok("POST", path + "/clone", clone, 201, token=token)
    assert made["trials"]["complete"] == 400


def test_a_merge_brings_what_fits_and_goes_on_later(calls):
    name, token = people.join(calls.service)
    source, target = (
        calls.ok("POST", "/studies", definition(), 201, token=token)["id"]
        for _ in range(2))
    trials = [{"params": {"x": i / 400}, "state": "complete", "value": i}
              for i in range(400)]
    calls.ok("POST", f"/studies/{source}/trials", {"trials": trials}, 201,
             token=token)
    limit(calls, name, max_trials=700)
    body = {"from": [source]}
    path = f"/studies/{target}/merge"
    refused(calls.api("POST", path, body, token=token))
    assert calls.ok("GET", "/me", token=token)["use"]["trials"] == 700
    limit(calls, name, max_trials=0)
    done = calls.ok("POST", path, body, token=token)
    assert (done["added"], done["present"]) == (100, 300)


def test_a_hopaas_job_hears_why_there_is_no_trial(calls):
    name, token = people.join(calls.service)
    limit(calls, name, max_running=1)
    body = {"title": "quota", "properties": {"x": "uniform(0, 1)"}}
    answers = [calls.api("POST", f"/api/ask/{token}", body, token=None)
               for _ in range(2)]
    assert [each.status for each in answers] == [200, 409]
    assert "max_running of the owner" in answers[1].text


def test_settings_hold_for_those_without_quotas(instances, database):
    one = instances(database, arguments=["--user-max-running", "3"])
    calls = Calls(one)
    me = calls.ok("GET", "/me")
    assert me["quotas"]["max_running"] is None
    assert me["limits"]["max_running"] == 3
    answer = calls.answer(calls.create(space=LINE), n=9)
    assert len(answer["trials"]) == 3 and answer["reason"] == "quota"
    limit(calls, me["user"], max_running=0)
    calls.ask(calls.create(space=LINE), 9)


def test_a_crowd_on_two_instances_meets_the_quota_exactly(
    instances, postgres_database
):
    one = instances(postgres_database)
    two = instances(postgres_database, token=one.token)
    name, token = people.join(one)
    limit(Calls(one), name, max_running=40)
    studies = [Calls(one).ok("POST", "/studies", definition(), 201,
                             token=token)["id"] for _ in range(4)]

    def ask(i):
        service = (one, two)[i % 2]
        path = f"/studies/{studies[i % 4]}/ask"
        return len(service.api("POST", path, {"n": 1 + i % 3},
                               token=token).json["trials"])

    with ThreadPoolExecutor(32) as crowd:
        assert sum(crowd.map(ask, range(120))) == 40
    assert one.api("GET", f"/users/{name}").json["use"]["running"] == 40
