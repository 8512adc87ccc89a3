# SPDX-License-Identifier: GPL-3.0-or-later
"""test_edit.py - trials that are edited, deleted and run again, over HTTP

Which result follows which edit is the business of tests/contract/test_amend.c;
this is about the calls.
"""

import pytest
from calls import at
from test_api_people import make

TWO = {"objectives": [{"name": "a"}, {"name": "b"}], "sampler": "random"}


def told(calls, n=3, **fields):
    """Return a study with n complete trials, of the values 0, 1 ... n - 1."""
    study = calls.create(**fields)
    for value, trial in enumerate(calls.ask(study, n)):
        calls.tell(trial, value=value)
    return study, calls.trials(study)


def edit(calls, trial, status=200, **body):
    """Change a trial; return it, or the problem."""
    return calls.ok("PATCH", at(trial), body, status)


def rerun(calls, study, status=201, **body):
    """Have trials run again; return the answer, or the problem."""
    return calls.ok("POST", f"/studies/{study['id']}/rerun", body, status)


def last_event(calls, study):
    """Return the last event of a study."""
    events = calls.ok("GET", f"/studies/{study['id']}/events")["events"]
    return events[-1]


# ---- edits ------------------------------------------------------------------


def test_texts_of_a_running_trial_change(calls):
    study = calls.create()
    trial = calls.ask(study)[0]
    texts = {"notes": "*see* log", "tags": ["a", "b"], "meta": {"by": "anna"}}
    changed = edit(calls, trial, **texts)
    assert {name: changed[name] for name in texts} == texts
    assert changed["state"] == "running" and changed["invalid"] is False
    assert calls.trial(trial) == {**changed, "reports": []}
    cleared = edit(calls, trial, notes="", tags=[], meta={})
    assert (cleared["notes"], cleared["tags"], cleared["meta"]) == ("", [], {})


def test_an_edit_is_an_event_with_what_was_there_before(calls):
    study, trials = told(calls)
    edit(calls, trials[2], value=-1, notes="wrong sign")
    event = last_event(calls, study)
    assert event["event"] == "trial_edited" and event["number"] == 2
    assert event["by"] == calls.ok("GET", "/me")["user"]
    assert event["detail"] == {
        "before": {"values": [2], "notes": None},
        "after": {"values": [-1], "notes": "wrong sign"},
    }
    assert calls.best(study)["number"] == 2
    stream = calls.api("GET", f"/studies/{study['id']}/events",
                       headers={"Accept": "text/event-stream"}).text
    assert '"detail":{"before":{"values":[2.0]' in stream


def test_an_edit_that_is_impossible_changes_nothing(calls):
    study, trials = told(calls)
    detail = edit(calls, trials[0], 422, notes="x", values=[1, 2])["detail"]
    assert "values must hold 1 number" in detail
    assert "reason" in edit(calls, trials[0], 422, notes="x",
                            reason="why")["detail"]
    running = calls.ask(study)[0]
    assert "running" in edit(calls, running, 409, notes="x", value=1)["detail"]
    assert calls.trials(study)[:3] == trials
    assert calls.trial(running)["notes"] is None


def test_of_two_people_the_second_learns_of_the_first(calls):
    _, trials = told(calls, 1)
    seen = trials[0]["revision"]
    first = edit(calls, trials[0], notes="mine", revision=seen)
    assert "revision" in edit(
        calls, trials[0], 409, notes="yours", revision=seen)["detail"]
    assert edit(calls, trials[0], notes="mine", revision=seen) == first
    edit(calls, trials[0], notes="ours", revision=first["revision"])


def test_what_was_told_is_replaced_by_who_may_steer(calls):
    study, trials = told(calls)
    worker = make(calls, {"read", "ask"})["token"]
    path, body = at(trials[0]) + "/tell", {"value": 9, "overwrite": True}
    problem = calls.ok("POST", path, body, 403, token=worker)
    assert "steer" in problem["detail"]
    batch = {"tells": [{"study_id": study["id"], "number": 0, **body}]}
    result, = calls.ok("POST", "/tell", batch, token=worker)["results"]
    assert result["status"] == 403
    assert calls.trials(study) == trials
    assert calls.ok("POST", path, body)["values"] == [9]
    batch["tells"][0]["value"] = 8
    assert calls.ok("POST", "/tell", batch)["results"][0]["values"] == [8]
    assert last_event(calls, study)["event"] == "trial_edited"
    assert calls.best(study)["number"] == 1


def test_an_invalid_trial_is_neither_the_best_nor_on_the_front(calls):
    study, trials = told(calls)
    changed = edit(calls, trials[0], invalid=True, reason="wrong sample")
    assert changed["invalid"] and changed["invalid_reason"] == "wrong sample"
    assert changed["values"] == [0] and changed["state"] == "complete"
    assert calls.best(study)["number"] == 1
    counts = calls.study(study)["trials"]
    assert (counts["complete"], counts["invalid"], counts["total"]) == (3, 1, 3)
    path = f"/studies/{study['id']}"
    assert calls.ok("GET", path + "/importances")["n_trials"] in (0, 2)
    several = calls.create(**TWO)
    for values, trial in zip(([0, 0], [1, 2], [2, 1]), calls.ask(several, 3)):
        calls.tell(trial, values=values)
    front = f"/studies/{several['id']}/pareto"
    assert calls.ok("GET", front)["total"] == 1
    edit(calls, calls.trials(several)[0], invalid=True)
    assert calls.ok("GET", front)["total"] == 2
    assert edit(calls, trials[0], invalid=False)["invalid_reason"] is None
    assert calls.best(study)["number"] == 0


def test_another_study_does_not_learn_from_an_invalid_trial(calls):
    study, trials = told(calls)
    edit(calls, trials[0], invalid=True)
    calls.ok("DELETE", at(trials[1]), status=204)
    later = calls.create(sampler="tpe", warm_start={"studies": [study["id"]]})
    assert later["warm_start"]["results"] == [1]


def test_a_reader_and_a_worker_change_no_trial(calls):
    study, trials = told(calls, 1)
    worker = make(calls, {"read", "ask"})["token"]
    calls.ok("PATCH", at(trials[0]), {"notes": "x"}, 403, token=worker)
    calls.ok("DELETE", at(trials[0]), None, 403, token=worker)
    calls.ok("POST", at(trials[0]) + "/rerun", {}, 403, token=worker)
    path = f"/studies/{study['id']}/rerun"
    calls.ok("POST", path, {"numbers": [0]}, 403, token=worker)
    assert calls.trials(study) == trials


# ---- deletion ---------------------------------------------------------------


def test_a_deleted_trial_is_not_there_any_more(calls):
    study, trials = told(calls)
    calls.ok("DELETE", at(trials[0]), status=204)
    calls.ok("DELETE", at(trials[0]), status=204)
    for method, verb, body in (("GET", "", None), ("PATCH", "", {}),
                               ("POST", "/tell", {"value": 1}),
                               ("POST", "/rerun", {})):
        problem = calls.ok(method, at(trials[0]) + verb, body, 404)
        assert "trial 0 was deleted" in problem["detail"]
    assert [t["number"] for t in calls.trials(study)] == [1, 2]
    counts = calls.study(study)["trials"]
    assert counts["total"] == counts["complete"] == 2
    assert calls.best(study)["number"] == 1
    assert calls.ask(study)[0]["number"] == 3
    event, = [e for e in calls.ok(
        "GET", f"/studies/{study['id']}/events")["events"]
        if e["event"] == "trial_deleted"]
    assert event["detail"]["before"]["values"] == [0]


def test_whoever_follows_the_trials_hears_of_a_deletion(calls):
    study, trials = told(calls)
    since = calls.study(study)["revision"]
    calls.ok("DELETE", at(trials[1]), status=204)
    assert calls.trials(study, f"since={since}") == []
    for query in (f"deleted=1&since={since}", "deleted=1&state=complete",
                  f"deleted=1&since={since}&order=desc"):
        found = [t for t in calls.trials(study, query) if t["deleted"]]
        assert [t["number"] for t in found] == [1]
        assert found[0]["values"] is None
        assert found[0]["params"] == trials[1]["params"]


def test_a_running_trial_is_not_deleted(calls):
    trial = calls.ask(calls.create())[0]
    assert "running" in calls.ok("DELETE", at(trial), status=409)["detail"]


def test_the_name_of_a_deleted_trial_stays_taken(calls):
    study = calls.create()
    path = f"/studies/{study['id']}/trials"
    body = {"trials": [{"id": "mine", "params": {"x": 0.5}}]}
    calls.ok("POST", path, body, 201)
    queued, = calls.trials(study)
    calls.ok("DELETE", at(queued), status=204)
    assert "deleted" in calls.ok("POST", path, body, 409)["detail"]
    assert calls.study(study)["trials"]["total"] == 0


# ---- once more --------------------------------------------------------------


def test_failures_run_again_once(calls):
    study = calls.create()
    trials = calls.ask(study, 3)
    edit(calls, trials[2], meta={"by": "anna"})
    calls.tell(trials[0], value=1)
    for trial in trials[1:]:
        calls.tell(trial, state="failed")
    answer = rerun(calls, study, states=["failed", "lost"])
    assert answer == {"study_id": study["id"], "more": False, "trials": [
        {"of": 1, "number": 3, "state": "queued"},
        {"of": 2, "number": 4, "state": "queued"},
    ]}
    assert rerun(calls, study, 200, states=["failed"])["trials"] == []
    again = calls.ask(study, 2)
    assert [t["params"] for t in again] == [t["params"] for t in trials[1:]]
    assert {t["sampler"] for t in again} == {"rerun"}
    assert [t["retry_of"] for t in again] == [1, 2]
    assert calls.trial(again[1])["meta"] == {"by": "anna"}
    one = calls.ok("POST", at(trials[1]) + "/rerun", {})
    assert one["trials"] == [{"of": 1, "number": 3, "state": "running"}]


def test_a_result_is_measured_again_when_it_is_named(calls):
    study, trials = told(calls)
    answer = rerun(calls, study, numbers=[2, 0.0, 2])
    assert [t["of"] for t in answer["trials"]] == [2, 0, 2]
    assert [t["number"] for t in answer["trials"]] == [3, 4, 3]
    assert "number 9" in rerun(calls, study, 404, numbers=[1, 9])["detail"]
    assert calls.study(study)["trials"]["queued"] == 2
    one = calls.ok("POST", at(trials[1]) + "/rerun", {}, 201)
    assert one["trials"][0]["number"] == 5


def test_nothing_runs_again_in_a_study_that_is_over(calls):
    study, _ = told(calls, 1, budget={"max_trials": 1})
    assert "finished" in rerun(calls, study, 409, numbers=[0])["detail"]


@pytest.mark.parametrize("method, verb", [
    ("PATCH", ""), ("DELETE", ""), ("POST", "/rerun")])
def test_trials_that_never_were_are_not_found(calls, method, verb):
    study = calls.create()
    for number in ("7", "x", "99999999999999999999"):
        path = f"/studies/{study['id']}/trials/{number}{verb}"
        calls.ok(method, path, None if method == "DELETE" else {}, 404)
