# SPDX-License-Identifier: GPL-3.0-or-later
"""test_columns.py - the trials of a study as columns, on both databases"""

import json
import math
import struct

import httpx
from calls import RANDOM
from test_enqueue import at, bring, result

SPACE = {
    "x": {"type": "float", "low": 0, "high": 1},
    "n": {"type": "int", "low": 1, "high": 9},
    "c": {"type": "categorical", "choices": ["a", "b", None]},
    "d": {"type": "discrete", "values": [1.5, 2.5]},
    "x,n": {"type": "bool"},
}
POINT = {"x": 0.5, "n": 3, "c": None, "d": 2.5, "x,n": True}


def columns(calls, study, query="", what="columns", **options):
    """Return the answer as JSON."""
    path = f"/studies/{study['id']}/{what}?{query}"
    return calls.ok("GET", path, **options)


def unpack(data):
    """The header and the columns of an answer in bytes."""
    assert data[:4] == b"CUMC"
    length, = struct.unpack_from("<I", data, 4)
    assert (8 + length) % 8 == 0
    head = json.loads(data[8:8 + length])
    cells = struct.iter_unpack("<d", data[8 + length:])
    values = [value for value, in cells]
    n = head["rows"]
    assert len(values) == n * len(head["columns"])
    return head, {name: values[i * n:(i + 1) * n]
                  for i, name in enumerate(head["columns"])}


def in_bytes(calls, study):
    """Return the answer as bytes."""
    answer = httpx.get(
        f"{calls.service.url}/api/v1/studies/{study['id']}/columns?fmt=bin",
        headers={"Authorization": f"Bearer {calls.service.token}"}, timeout=60)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/octet-stream"
    return answer.content


def test_columns_hold_the_numbers_of_each_trial(calls):
    study = calls.create(space=SPACE)
    bring(calls, study, {"params": POINT, "state": "complete", "value": 2})
    calls.ask(study)
    answer = columns(calls, study)
    names = ["number", "state", "value.0", "p.x", "p.n", "p.c", "p.d", "p.x,n"]
    assert answer["columns"] == names
    assert answer["labels"]["p.c"] == ["a", "b", None]
    states = answer["labels"]["state"]
    rows = zip(*answer["data"].values())
    first, second = (dict(zip(names, row)) for row in rows)
    assert states[int(first.pop("state"))] == "complete"
    assert first == {"number": 0, "value.0": 2, "p.x": 0.5, "p.n": 3, "p.c": 2,
                     "p.d": 2.5, "p.x,n": 1}
    assert states[int(second["state"])] == "running"
    assert second["value.0"] is None


def test_only_the_columns_that_are_named_come_and_each_once(calls):
    study = calls.create(space=SPACE)
    bring(calls, study, {"params": POINT, "state": "complete", "value": 2})
    answer = columns(calls, study, "cols=p.x,p.x%2Cn,number,p.x,p.x,p.n")
    assert answer["columns"] == ["p.x", "p.x,n", "number", "p.n"]
    assert answer["data"]["p.x,n"] == [1]


def test_bytes_say_the_same_as_json(calls):
    study = calls.create(space=SPACE)
    bring(calls, study, {"params": POINT, "state": "complete", "value": 0.1})
    calls.ask(study, 3)
    head, cells = unpack(in_bytes(calls, study))
    said = columns(calls, study)
    data = said.pop("data")
    assert head == said
    for name, values in cells.items():
        assert [None if math.isnan(value) else value for value in values] == \
            data[name]


def test_only_what_changed_since_a_revision_comes(calls):
    study = calls.create()
    first, _, third = calls.ask(study, 3)
    revision = columns(calls, study)["revision"]
    assert columns(calls, study, f"since={revision}")["rows"] == 0
    calls.tell(third, value=1)
    answer = columns(calls, study, f"since={revision}&cols=number,value.0")
    assert answer["data"] == {"number": [2], "value.0": [1]}
    calls.tell(first, value=2)
    calls.ask(study)
    news = columns(calls, study, f"since={answer['revision']}&cols=number")
    assert news["data"] == {"number": [0, 3]}


def test_deleted_trials_are_nothing_but_their_number(calls):
    study = calls.create()
    for trial in calls.ask(study, 3):
        calls.tell(trial, value=trial["number"])
    revision = columns(calls, study)["revision"]
    path = f"/studies/{study['id']}/trials"
    calls.ok("DELETE", f"{path}/1", status=204)
    calls.ok("PATCH", f"{path}/2", {"invalid": True, "reason": "bad sample"})
    answer = columns(
        calls, study, f"since={revision}&cols=number,state,invalid,remark,p.x")
    assert answer["labels"]["remark"] == ["bad sample"]
    data = answer["data"]
    assert data["number"] == [1, 2]
    assert data["state"][0] is None and data["p.x"][0] is None
    assert data["invalid"] == [None, 1] and data["remark"] == [None, 0]


def test_workers_and_errors_are_labels(calls):
    study = calls.create()
    names = ["gpu-1", "gpu-0", "gpu-1", None]
    for name in names:
        worker = {"worker": {"name": name}} if name else {}
        trial, = calls.ask(study, 1, **worker)
        calls.tell(trial, state="failed", error=f"died on {name}")
    answer = columns(calls, study, "cols=worker,remark,attempt,retry_of")
    labels = answer["labels"]
    found = [i if i is None else labels["worker"][int(i)]
             for i in answer["data"]["worker"]]
    assert found == names
    assert labels["remark"] == ["died on gpu-1", "died on gpu-0",
                                "died on None"]
    assert answer["data"]["remark"] == [0, 1, 0, 2]


def test_hundreds_of_labels_are_kept_apart(calls):
    study = calls.create()
    for trial in calls.ask(study, 300):
        calls.tell(trial, state="failed", error=f"error {trial['number']}")
    answer = columns(calls, study, "cols=remark")
    labels = answer["labels"]["remark"]
    assert [labels[int(i)] for i in answer["data"]["remark"]] == [
        f"error {i}" for i in range(300)]


def test_an_answer_that_is_known_is_not_sent_again(calls):
    study = calls.create()
    for what in ("columns", "sample"):
        path = f"/studies/{study['id']}/{what}"
        tag = calls.api("GET", path).headers["etag"]
        again = calls.api("GET", path, headers={"If-None-Match": tag})
        assert again.status == 304 and again.text == ""
        calls.ask(study)
        news = calls.api("GET", path, headers={"If-None-Match": tag})
        assert news.status == 200 and news.headers["etag"] != tag


def test_pages_end_where_the_cells_would_be_too_many(calls):
    """4194304 cells of 1003 columns are 4181 rows."""
    space = {f"p{i}": {"type": "bool"} for i in range(1000)}
    study = calls.create(space=space)
    point = {name: True for name in space}
    for _ in range(42):
        bring(calls, study, *[{"params": point}] * 100)
    first, _ = unpack(in_bytes(calls, study))
    assert first["rows"] == 4181 and first["next"] == "4180"
    rest = columns(calls, study, "cursor=4180")
    assert rest["next"] is None
    assert rest["data"]["number"] == list(range(4181, 4200))


def test_best_trials_are_those_of_the_direction(calls):
    objectives = [{"name": "auc", "direction": "maximize"}]
    study = calls.create(objectives=objectives)
    bring(calls, study, *(result(i / 10, (i * 7) % 10) for i in range(10)),
          at(0.5))
    answer = columns(calls, study, "k=3&mode=top&cols=number,value.0", "sample")
    assert answer["next"] is None
    assert answer["data"] == {"number": [1, 4, 7], "value.0": [7, 8, 9]}


def test_mixed_samples_hold_the_best_and_stay_while_a_study_grows(calls):
    study = calls.create(sampler=RANDOM)
    bring(calls, study, *(result(i / 100, i) for i in range(100)))
    query = "k=10&cols=number"
    one = columns(calls, study, query, "sample")["data"]["number"]
    assert len(one) == 10 and one[:4] == [0, 1, 2, 3]
    calls.ask(study)
    two = columns(calls, study, query, "sample")["data"]["number"]
    assert one == two
    some = columns(calls, study, query + "&mode=random", "sample")
    assert some["rows"] == 10 and some["data"]["number"] != list(range(10))
    all_of_them = columns(calls, study, "k=1000&cols=number", "sample")
    assert all_of_them["data"]["number"] == list(range(100))


def test_an_empty_study_has_empty_columns(calls):
    study = calls.create()
    for what in ("columns", "sample"):
        answer = columns(calls, study, "", what)
        assert answer["rows"] == 0 and answer["data"]["number"] == []
