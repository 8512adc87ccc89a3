# SPDX-License-Identifier: GPL-3.0-or-later
"""test_campaigns.py - many studies from one template, on both databases"""

import collections
import contextlib
import csv
import io
import json
import re
from concurrent.futures import ThreadPoolExecutor

import experiments
import harness
import httpx
import people
from calls import LINE, RANDOM, Calls, at, fresh_name
from stored import count, execute

TEMPLATE = {"space": LINE, "sampler": RANDOM}


def wanted(n=3, **fields):
    """Return a campaign with segments s0, s1 ..."""
    segments = [{"name": f"s{i}", "x": i} for i in range(n)]
    return {"name": fresh_name("campaign"), "template": TEMPLATE,
            "segments": segments, **fields}


def create(calls, n=3, **fields):
    """Create a campaign and return it."""
    return calls.ok("POST", "/campaigns", wanted(n, **fields), 201)


def look(calls, campaign):
    """Return the campaign as it is now."""
    return calls.ok("GET", f"/campaigns/{campaign['id']}")


def answer(calls, campaign, headers=None, **body):
    """Ask a campaign and return the answer."""
    path = f"/campaigns/{campaign['id']}/ask"
    return calls.ok("POST", path, body, headers=headers)


def studies_named(calls, campaign):
    """Return the names of the studies that bear the name of a campaign."""
    query = f"/studies?limit=1000&q={campaign['name']}"
    return [study["name"] for study in calls.ok("GET", query)["studies"]]


# ---- created ----------------------------------------------------------------


def test_a_campaign_has_a_study_for_each_segment(calls):
    body = wanted(
        axis="m [GeV]", notes="n", segments=[
            {"name": "a", "x": 300},
            {"name": "b", "overrides": {
                "space": {"x": {"high": 2}, "y": {"type": "bool"}},
                "budget": {"max_trials": 5}}}])
    made = calls.ok("POST", "/campaigns", body, 201)
    assert (made["axis"], made["notes"], made["role"]) == (
        "m [GeV]", "n", "owner")
    a, b = made["segments"]
    assert (a["name"], a["x"], a["kind"], a["state"]) == (
        "a", 300.0, "hpo", "running")
    assert b["x"] is None and b["best"] is None
    study = calls.ok("GET", f"/studies/{b['study_id']}")
    assert study["name"] == body["name"] + "/b"
    assert study["space"]["x"]["high"] == 2 and study["space"]["x"]["low"] == 0
    assert study["space"]["y"]["type"] == "bool"
    assert study["budget"]["max_trials"] == 5
    assert calls.ok("GET", f"/studies/{a['study_id']}")["budget"][
        "max_trials"] is None
    assert look(calls, made) == made


def test_the_same_call_finds_it_and_another_one_conflicts(calls):
    body = wanted(2)
    made = calls.ok("POST", "/campaigns", body, 201)
    assert calls.ok("POST", "/campaigns", {**body, "notes": "x"}) == made
    for other in ({"axis": "m"}, {"template": {**TEMPLATE, "lease_s": 9}},
                  {"segments": body["segments"][:1]}):
        problem = calls.ok("POST", "/campaigns", {**body, **other}, 409)
        assert "name" in problem["detail"]


def test_a_fault_in_one_segment_makes_none(calls):
    body = wanted(2)
    body["segments"][1]["overrides"] = {"space": {"x": {"low": 3}}}
    problem = calls.ok("POST", "/campaigns", body, 422)
    assert "segments[1].space.x: low" in problem["detail"]
    assert studies_named(calls, body) == []


def test_a_study_that_has_the_name_is_left_alone(calls):
    body = wanted(60)
    calls.create(name=body["name"] + "/s59")
    problem = calls.ok("POST", "/campaigns", body, 409)
    assert body["name"] + "/s59" in problem["detail"]
    assert studies_named(calls, body) == [body["name"] + "/s59"]


def test_racing_calls_make_one_campaign(calls):
    body = wanted(60)
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(
            lambda _: calls.api("POST", "/campaigns", body), range(6)))
    assert {a.status for a in answers} <= {200, 201}
    assert len({a.json["id"] for a in answers}) == 1
    assert len(studies_named(calls, body)) == 60


def test_a_thousand_segments_are_shown_in_one_answer(calls):
    made = create(calls, 1000)
    assert [s["name"] for s in made["segments"]] == [
        f"s{i}" for i in range(1000)]
    assert len({s["study_id"] for s in look(calls, made)["segments"]}) == 1000
    full = calls.ok("POST", f"/campaigns/{made['id']}/segments",
                    {"segments": [{"name": "one more"}]}, 422)
    assert "1000" in full["detail"]
    calls.ok("DELETE", f"/campaigns/{made['id']}?studies=1", status=204)
    assert studies_named(calls, made) == []


def test_segments_are_added_once(calls):
    made = create(calls, 2, template={**TEMPLATE, "budget": {"max_trials": 7}})
    path = f"/campaigns/{made['id']}/segments"
    more = {"segments": [{"name": "s1", "x": 1}, {"name": "t", "x": 9}]}
    grown = calls.ok("POST", path, more, 201)
    assert [s["name"] for s in grown["segments"]] == ["s0", "s1", "t"]
    study = calls.ok("GET", f"/studies/{grown['segments'][2]['study_id']}")
    assert study["budget"]["max_trials"] == 7
    assert study["name"] == made["name"] + "/t"
    assert calls.ok("POST", path, more) == grown
    other = {"segments": [{"name": "t", "x": 8}]}
    assert "\"t\"" in calls.ok("POST", path, other, 409)["detail"]
    asked = [answer(calls, made)["segment"] for _ in range(3)]
    assert sorted(asked) == ["s0", "s1", "t"]


def test_a_name_and_notes_may_be_changed(calls):
    made, other = create(calls, 1), create(calls, 1)
    path = f"/campaigns/{made['id']}"
    new = fresh_name("campaign")
    changed = calls.ok("PATCH", path, {"name": new, "notes": "later"})
    assert (changed["name"], changed["notes"]) == (new, "later")
    assert changed["segments"] == made["segments"]
    assert calls.ok("PATCH", path, {"notes": ""})["notes"] is None
    calls.ok("PATCH", path, {"name": other["name"]}, 409)


# ---- asked ------------------------------------------------------------------


def test_asks_go_where_the_fewest_trials_run(calls):
    made = create(calls, 5)
    with ThreadPoolExecutor(16) as pool:
        asked = list(pool.map(lambda _: answer(calls, made), range(52)))
    counts = collections.Counter(a["segment"] for a in asked)
    assert sorted(counts.values()) == [10, 10, 10, 11, 11]
    for one in asked:
        if one["segment"] == "s3":
            calls.tell(one["trials"][0], value=1)
    again = collections.Counter(
        answer(calls, made)["segment"] for _ in range(counts["s3"]))
    assert again == {"s3": counts["s3"]}
    now = look(calls, made)
    assert now["progress"]["running"] == 52
    assert now["progress"]["complete"] == counts["s3"]
    assert now["segments"][3]["best"]["value"] == 1.0


def test_an_ask_may_name_the_segment(calls):
    made = create(calls, 3)
    for _ in range(3):
        asked = answer(calls, made, segment="s1", n=2)
        assert asked["segment"] == "s1" and len(asked["trials"]) == 2
        assert asked["study_id"] == made["segments"][1]["study_id"]
    path = f"/campaigns/{made['id']}/ask"
    calls.ok("POST", path, {"segment": "other"}, 404)


def test_a_repeat_gets_the_same_trials_of_the_same_segment(calls):
    made = create(calls, 8)
    key = {"Idempotency-Key": fresh_name()}
    first = answer(calls, made, key, n=2)
    for _ in range(10):
        answer(calls, made)
    with ThreadPoolExecutor(8) as pool:
        again = list(pool.map(
            lambda _: answer(calls, made, key, n=2), range(16)))
    assert all(a == first for a in again)
    assert look(calls, made)["progress"]["running"] == 12
    calls.ok("POST", f"/campaigns/{made['id']}/ask", {"n": 1}, 422,
             headers=key)


def test_racing_repeats_get_the_same_trials(calls):
    made = create(calls, 20)
    for turn in range(5):
        key = {"Idempotency-Key": fresh_name()}
        with ThreadPoolExecutor(8) as pool:
            asked = list(pool.map(
                lambda _, key=key: answer(calls, made, key), range(8)))
        assert all(a == asked[0] for a in asked)
        assert look(calls, made)["progress"]["running"] == turn + 1


def test_what_is_used_up_is_passed_over(calls):
    made = create(calls, 3, template={**TEMPLATE, "budget": {"max_trials": 2}})
    trials = [answer(calls, made)["trials"][0] for _ in range(6)]
    assert len({(t["study_id"], t["number"]) for t in trials}) == 6
    none = answer(calls, made)
    assert none["trials"] == [] and none["study_id"] is None
    assert none["reason"] == "budget"
    assert "3 segments" in none["detail"]
    for trial in trials:
        calls.tell(trial, value=1)
    none = answer(calls, made)
    assert (none["reason"], none["retry_after_s"]) == ("finished", None)


def test_a_segment_that_must_wait_is_asked_again_when_it_may(calls):
    made = create(calls, 2, template={**TEMPLATE, "budget": {"max_running": 1}})
    first, second = (answer(calls, made)["trials"][0] for _ in range(2))
    none = answer(calls, made)
    assert none["reason"] == "budget" and none["retry_after_s"] > 0
    calls.tell(second, value=1)
    assert answer(calls, made)["study_id"] == second["study_id"]
    calls.tell(first, value=1)
    assert answer(calls, made)["study_id"] == first["study_id"]


def test_a_job_without_time_gets_nothing_and_bars_nobody(calls):
    made = create(calls, 2)
    for _ in range(20):
        trial = answer(calls, made)["trials"][0]
        calls.tell(trial, value=1, wall_s=500)
    none = answer(calls, made, max_seconds=2)
    assert none["reason"] == "walltime" and none["trials"] == []
    assert answer(calls, made, max_seconds=5000)["trials"]
    assert answer(calls, made)["trials"]


def test_paused_studies_give_nothing_until_they_are_resumed(calls):
    made = create(calls, 40)
    path = f"/campaigns/{made['id']}"
    paused = calls.ok("POST", path + "/pause")
    assert {s["state"] for s in paused["segments"]} == {"paused"}
    none = answer(calls, made)
    assert none["reason"] == "paused" and none["retry_after_s"] > 0
    study = made["segments"][7]["study_id"]
    calls.ok("POST", f"/studies/{study}/resume")
    assert answer(calls, made)["segment"] == "s7"
    calls.ok("POST", path + "/resume")
    assert answer(calls, made)["segment"] != "s7"
    stopped = calls.ok("POST", path + "/stop")
    states = collections.Counter(s["state"] for s in stopped["segments"])
    assert states == {"finished": 38, "draining": 2}
    assert answer(calls, made)["reason"] == "draining"


# ---- deleted ----------------------------------------------------------------


def test_a_campaign_is_deleted_when_its_studies_are(calls):
    made = create(calls, 2)
    path = f"/campaigns/{made['id']}"
    assert "studies" in calls.ok("DELETE", path, status=409)["detail"]
    for segment in made["segments"]:
        answer(calls, made)
        calls.ok("DELETE", f"/studies/{segment['study_id']}", status=204)
    assert look(calls, made)["segments"] == []
    none = answer(calls, made)
    assert none["trials"] == [] and none["reason"] == "finished"
    calls.ok("DELETE", path, status=204)
    assert "campaign" in calls.ok("GET", path, status=404)["detail"]
    calls.ok("POST", path + "/ask", {}, 404)


def test_a_study_that_is_deleted_is_no_segment_any_more(calls):
    made = create(calls, 3)
    answer(calls, made)
    gone = made["segments"][1]["study_id"]
    calls.ok("DELETE", f"/studies/{gone}", status=204)
    asked = {answer(calls, made)["segment"] for _ in range(4)}
    assert asked == {"s0", "s2"}
    assert [s["name"] for s in look(calls, made)["segments"]] == ["s0", "s2"]


# ---- exported ---------------------------------------------------------------


def exported(calls, campaign, form):
    """Return the text of an export."""
    path, pages = f"/campaigns/{campaign['id']}/export", []
    query = f"?format={form}"
    while query:
        page = calls.api("GET", path + query)
        assert page.status == 200, page.text
        pages.append(page.text)
        link = page.headers.get("link")
        query = link and re.fullmatch(r'<(\?.*)>; rel="next"', link).group(1)
    return "".join(pages), len(pages)


def test_an_export_has_all_trials_of_all_segments(calls):
    segments = [
        {"name": "a, b", "x": 1.5},
        {"name": "c", "overrides": {"space": {"y": {"type": "bool"}}}},
        {"name": "empty"}]
    made = create(calls, segments=segments)
    for name, value in (("a, b", 1), ("c", 2), ("c", 3)):
        trial = answer(calls, made, segment=name)["trials"][0]
        calls.tell(trial, value=value)
    text, _ = exported(calls, made, "jsonl")
    head, *trials = map(json.loads, text.splitlines())
    assert head["campaign"]["segments"] == 3
    assert [(t["segment"], t["x"], t["values"]) for t in trials] == [
        ("a, b", 1.5, [1.0]), ("c", None, [2.0]), ("c", None, [3.0])]
    assert "y" in trials[1]["params"]
    text, _ = exported(calls, made, "csv")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [r["segment"] for r in rows] == ["a, b", "c", "c"]
    assert [r["x"] for r in rows] == ["1.5", "", ""]
    assert [r["values.value"] for r in rows] == ["1.0", "2.0", "3.0"]
    assert rows[0]["params.y"] == "" and rows[1]["params.y"] in (
        "true", "false")
    assert all(r["params.x"] and r["started"] for r in rows)


def test_a_large_export_comes_in_pages(calls):
    made = create(calls, 5)
    outputs = {"big": "b" * 100_000}
    for segment in made["segments"]:
        trials = [{"id": str(i), "params": {"x": 0.5}, "state": "complete",
                   "value": i, "outputs": outputs} for i in range(35)]
        calls.ok("POST", f"/studies/{segment['study_id']}/trials",
                 {"trials": trials}, 201)
    text, pages = exported(calls, made, "jsonl")
    assert pages > 1
    found = [json.loads(line) for line in text.splitlines()[1:]]
    assert [(t["segment"], t["number"]) for t in found] == [
        (f"s{i}", k) for i in range(5) for k in range(35)]


# ---- who may what -----------------------------------------------------------


def test_a_role_on_a_campaign_is_one_on_its_studies(calls):
    made = create(calls, 2)
    path = f"/campaigns/{made['id']}"
    study = f"/studies/{made['segments'][0]['study_id']}"
    name, token = people.join(calls.service)
    who = {"token": token}
    calls.ok("GET", study, status=404, **who)
    calls.ok("GET", path, status=404, **who)
    calls.ok("PUT", path + "/members", {"user": name, "role": "worker"})
    assert calls.ok("GET", study, **who)["role"] == "worker"
    assert calls.ok("GET", path, **who)["role"] == "worker"
    listed = calls.ok("GET", "/studies?shared=with_me", **who)["studies"]
    assert len(listed) == 2 and listed[0]["role"] == "worker"
    assert [c["role"] for c in calls.ok("GET", "/campaigns", **who)[
        "campaigns"]] == ["worker"]
    trial = calls.ok("POST", path + "/ask", {}, **who)["trials"][0]
    calls.ok("POST", at(trial) + "/tell", {"value": 1}, **who)
    calls.ok("POST", study + "/pause", status=403, **who)
    calls.ok("PUT", study + "/members", {"user": name, "role": "editor"})
    calls.ok("POST", study + "/pause", **who)
    assert len(calls.ok("GET", path + "/members")["members"]) == 2
    calls.ok("DELETE", path + f"/members?user={name}", status=204)
    calls.ok("POST", path + "/ask", {}, 404, **who)
    assert calls.ok("GET", study, **who)["role"] == "editor"
    other = f"/studies/{made['segments'][1]['study_id']}"
    calls.ok("GET", other, status=404, **who)


def test_who_made_a_campaign_remains_its_owner(calls):
    path = f"/campaigns/{create(calls, 1)['id']}/members"
    calls.ok("DELETE", path + "?user=admin", status=409)
    calls.ok("PUT", path, {"user": "admin", "role": "viewer"}, 409)


def test_segments_that_a_member_adds_are_in_the_name_of_the_owner(calls):
    made = create(calls, 1)
    path = f"/campaigns/{made['id']}"
    name, token = people.join(calls.service)
    calls.ok("PUT", path + "/members", {"user": name, "role": "editor"})
    grown = calls.ok("POST", path + "/segments",
                     {"segments": [{"name": "mine"}]}, 201, token=token)
    study = calls.ok("GET", f"/studies/{grown['segments'][1]['study_id']}")
    assert study["owner"] == "admin"


def test_a_token_of_a_campaign_reaches_it_and_its_studies_alone(calls):
    made, other = create(calls, 2), create(calls, 1)
    alone = calls.create()
    token = calls.ok("POST", "/tokens", {
        "name": "t", "campaign_id": made["id"],
        "scopes": ["read", "ask", "steer", "admin"]}, 201)
    assert token["campaign_id"] == made["id"] and token["study_id"] is None
    who = {"token": token["token"]}
    assert calls.ok("GET", "/me", **who)["campaign_id"] == made["id"]
    trial = calls.ok("POST", f"/campaigns/{made['id']}/ask", {}, **who)[
        "trials"][0]
    calls.ok("POST", at(trial) + "/tell", {"value": 1}, **who)
    for segment in made["segments"]:
        calls.ok("GET", f"/studies/{segment['study_id']}", **who)
    seen = calls.ok("GET", "/studies?limit=1000", **who)["studies"]
    assert {s["id"] for s in seen} == {
        s["study_id"] for s in made["segments"]}
    assert [c["id"] for c in calls.ok("GET", "/campaigns", **who)[
        "campaigns"]] == [made["id"]]
    for path in (f"/campaigns/{other['id']}", f"/studies/{alone['id']}",
                 f"/studies/{other['segments'][0]['study_id']}"):
        calls.ok("GET", path, status=404, **who)
    calls.ok("POST", "/campaigns", wanted(1), 403, **who)
    calls.ok("POST", "/studies", {"name": fresh_name(), **TEMPLATE}, 403, **who)
    tokens = calls.ok("GET", "/tokens", **who)["tokens"]
    assert [t["id"] for t in tokens] == [token["id"]]
    child = calls.ok("POST", "/tokens", {"name": "u"}, 201, **who)
    assert child["campaign_id"] == made["id"]
    turned = calls.ok("POST", f"/tokens/{child['id']}/rotate", {}, 201)
    assert turned["campaign_id"] == made["id"]


def test_a_token_of_a_study_is_of_no_campaign(calls):
    made = create(calls, 1)
    token = calls.ok("POST", "/tokens", {
        "name": "t", "study_id": made["segments"][0]["study_id"],
        "scopes": ["read", "ask"]}, 201)["token"]
    path = f"/campaigns/{made['id']}"
    calls.ok("GET", path, status=404, token=token)
    calls.ok("POST", path + "/ask", {}, 404, token=token)
    assert calls.ok("GET", "/campaigns", token=token)["campaigns"] == []
    calls.ok("GET", f"/studies/{made['segments'][0]['study_id']}", token=token)


def test_a_campaign_meets_the_quota_of_studies(calls):
    name, token = people.join(calls.service)
    calls.ok("PATCH", f"/users/{name}", {"quotas": {"max_studies": 5}})
    problem = calls.ok("POST", "/campaigns", wanted(6), 403, token=token)
    assert "max_studies" in problem["detail"] and "6" in problem["detail"]
    made = calls.ok("POST", "/campaigns", wanted(5), 201, token=token)
    calls.ok("POST", f"/campaigns/{made['id']}/segments",
             {"segments": [{"name": "more"}]}, 403, token=token)


# ---- instances and crashes --------------------------------------------------


def test_two_instances_hand_out_alike_and_repeat_each_other(
        instances, postgres_database):
    one = Calls(instances(postgres_database))
    two = Calls(instances(postgres_database, token=one.service.token))
    made = create(one, 10)
    key = {"Idempotency-Key": "the one"}
    assert answer(one, made, key) == answer(two, made, key)
    with ThreadPoolExecutor(8) as pool:
        asked = list(pool.map(
            lambda i: answer((one, two)[i % 2], made), range(99)))
    assert len({(a["study_id"], t["number"])
                for a in asked for t in a["trials"]}) == 99
    counts = collections.Counter(a["segment"] for a in asked)
    assert len(counts) == 10 and max(counts.values()) <= 12
    for turn in range(10):
        key = {"Idempotency-Key": f"racing {turn}"}
        with ThreadPoolExecutor(2) as pool:
            a, b = pool.map(lambda c, key=key: answer(c, made, key), (one, two))
        assert a["trials"] == b["trials"]
    one.ok("POST", f"/campaigns/{made['id']}/pause")
    harness.wait_until(
        lambda: answer(two, made)["reason"] == "paused"
        if not answer(two, made)["trials"] else False, "the pause to be seen")
    one.ok("DELETE", f"/campaigns/{made['id']}?studies=1", status=204)
    harness.wait_until(
        lambda: two.api("POST", f"/campaigns/{made['id']}/ask", {}).status
        == 404, "the end to be seen")


def attempt(calls, body):
    """Create a campaign on a service that may die meanwhile."""
    with contextlib.suppress(httpx.HTTPError):
        calls.api("POST", "/campaigns", body)


def test_a_crash_in_a_creation_leaves_nothing_and_a_repeat_makes_it(
        instances, database):
    calls = Calls(instances(database))
    body = wanted(1000)
    with ThreadPoolExecutor(1) as pool:
        creating = pool.submit(attempt, calls, body)
        harness.wait_until(
            lambda: count(database, "studies") > 30, "the first studies")
        calls.service.kill()
        creating.result()
    left = count(database, "studies WHERE building_ms IS NOT NULL")
    assert 0 < left <= 1000
    # Nobody goes on with it, as if ten minutes had passed.
    execute(database, "UPDATE campaigns SET building_ms = 1")
    calls.service.restart()
    assert calls.ok("GET", "/campaigns")["campaigns"] == []
    assert calls.ok("GET", "/studies")["studies"] == []
    made = calls.ok("POST", "/campaigns", body, 201)
    assert len(made["segments"]) == 1000
    harness.wait_until(lambda: count(database, "campaigns") == 1, "the reaper")
    assert count(database, "studies") == 1000
    assert count(database, "segments") == 1000


# ---- limits -----------------------------------------------------------------


def test_the_limits_of_all_studies_come_in_one_answer(calls):
    segments = [
        {"name": "low", "x": 100}, {"name": "high", "x": 300},
        {"name": "none", "overrides": {
            "kind": "hpo", "limit": None, **TEMPLATE}}]
    made = calls.ok("POST", "/campaigns", {
        "name": fresh_name("masses"), "segments": segments,
        "template": experiments.terms(rel_tol=0.1)}, 201)
    low, high, _ = made["segments"]
    experiments.work_off(experiments.Wire(calls.service.url, calls.service.token),
                  low["study_id"], experiments.COUNTING)
    path = f"/campaigns/{made['id']}/limits"
    answer = calls.ok("GET", path)
    assert [(s["name"], s["x"], s["study_id"]) for s in answer["segments"]] == [
        ("low", 100.0, low["study_id"]), ("high", 300.0, high["study_id"])]
    for one in answer["segments"]:
        assert one["limits"] == calls.ok(
            "GET", f"/studies/{one['study_id']}/limit")["curves"]
    known = answer["segments"][0]["limits"][0]
    assert known["status"] == "ok" and known["precise"]
    assert answer["segments"][1]["limits"][0]["limit"] is None
    calls.ok("DELETE", f"/studies/{high['study_id']}", status=204)
    assert [s["name"] for s in calls.ok("GET", path)["segments"]] == ["low"]


def test_a_campaign_without_limits_has_none(calls):
    campaign = create(calls)
    path = f"/campaigns/{campaign['id']}/limits"
    assert calls.ok("GET", path)["segments"] == []
