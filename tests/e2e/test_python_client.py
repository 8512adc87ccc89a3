# SPDX-License-Identifier: GPL-3.0-or-later
"""test_python_client.py - the Python client against the real service"""

import csv
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading

import cumae
import harness
import pytest

SPACE = {
    "x": cumae.Float(-1, 1),
    "lr": cumae.Float(1e-5, 1e-1, log=True),
    "depth": cumae.Int(2, 10, step=2),
    "booster": cumae.Categorical(["tree", "dart", None, 3]),
    "drop": cumae.Float(0, 0.5, when={"booster": ["dart"]}),
    "size": cumae.Discrete([0.5, 1, 4]),
    "flag": cumae.Bool(),
}


@pytest.fixture
def client(service):
    with cumae.Client(service.url, service.token, patience_s=30.0) as one:
        yield one


def loss(trial):
    return (trial["x"] - 0.3) ** 2 + 0.01 * trial["flag"]


def test_a_search_from_beginning_to_end(client):
    study = cumae.Study(
        "search", SPACE, budget={"max_trials": 20}, client=client
    )
    study.optimize(loss, n_jobs=2)
    trials = study.trials()
    assert [t.number for t in trials] == list(range(20))
    assert {t.state for t in trials} == {"complete"}
    assert study.best.value == min(t.value for t in trials)
    assert study.info()["state"] == "finished"


def test_every_kind_of_parameter_arrives_as_it_was_meant(client):
    study = cumae.Study("kinds", SPACE, sampler="random", client=client)
    for trial in study.ask(50):
        params = trial.params
        assert -1 <= params["x"] <= 1 and 1e-5 <= params["lr"] <= 1e-1
        assert params["depth"] in (2, 4, 6, 8, 10)
        assert params["booster"] in ("tree", "dart", None, 3)
        assert ("drop" in params) == (params["booster"] == "dart")
        assert params["size"] in (0.5, 1, 4)
        assert isinstance(params["flag"], bool)


def test_the_same_definition_finds_the_same_study(client):
    first = cumae.Study("same", SPACE, client=client)
    assert cumae.Study("same", SPACE, client=client).id == first.id
    with pytest.raises(cumae.Conflict):
        cumae.Study("same", {"x": SPACE["x"]}, client=client)


def test_refusals_arrive_as_errors_that_say_why(service, client):
    with pytest.raises(cumae.Unprocessable, match="3"):
        cumae.Study("wrong", {"x": cumae.Float(3, 1)}, client=client)
    with pytest.raises(cumae.NotFound):
        cumae.Study.open("none", client)
    with pytest.raises(cumae.Unauthorized) as caught:
        cumae.Client(service.url, "cum_wrong").request("GET", "/studies")
    assert caught.value.request_id


def test_a_bad_trial_is_pruned(client):
    pruner = {"name": "threshold", "options": {"upper": 1.0}}
    study = cumae.Study("pruned", SPACE, pruner=pruner, client=client)
    with study.trial() as trial:
        assert trial.report(0.5, step=0) is False
        if trial.report(2.0, step=1):
            raise cumae.Pruned
        trial.value = 1.0
    record = study.record(0)
    assert record.state == "pruned"
    assert record.reports == [
        {"step": 0, "value": 0.5}, {"step": 1, "value": 2.0},
    ]


def test_failures_and_nan_are_failed_trials(client):
    study = cumae.Study("failed", SPACE, client=client)
    with pytest.raises(ZeroDivisionError):
        with study.trial():
            1 / 0
    with study.trial() as trial:
        trial.value = float("nan")
    broken, diverged = study.trials(state="failed")
    assert "ZeroDivisionError" in broken.error
    assert "nan" in diverged.error


def test_outputs_and_meta_come_back_as_they_were_told(client):
    study = cumae.Study("outputs", SPACE, client=client)
    with study.trial() as trial:
        trial.tell(
            0.1, uncertainty=0.02, outputs={"auc": [0.5, 0.25]},
            meta={"gpu": "none"}, wall_s=12.5,
        )
    record = study.record(0)
    assert record.value == 0.1 and record.wall_s == 12.5
    assert record.outputs == {"auc": [0.5, 0.25]}
    assert record.meta == {"gpu": "none"}


def test_telling_twice_is_harmless_and_another_value_is_a_conflict(client):
    trial = cumae.Study("twice", SPACE, client=client).trial()
    assert trial.tell(1.0, wall_s=1) == trial.tell(1.0, wall_s=1) == "complete"
    with pytest.raises(cumae.Conflict):
        trial.tell(2.0, wall_s=1)


def test_pause_resume_and_stop(client):
    study = cumae.Study("steered", SPACE, client=client)
    study.pause()
    with pytest.raises(cumae.StudyEnded, match="paused"):
        study.ask(wait=False)
    study.resume()
    trial = study.trial()
    study.stop()
    with pytest.raises(cumae.StudyEnded, match="draining"):
        study.trial()
    assert trial.tell(1.0) == "complete"
    with pytest.raises(cumae.StudyEnded, match="finished"):
        study.trial()


def test_studies_are_listed_and_deleted(client):
    studies = [
        cumae.Study(f"listed {i}", SPACE, client=client) for i in range(3)
    ]
    assert len(list(client.studies(q="listed"))) == 3
    studies[0].delete()
    studies[0].delete()
    assert len(list(client.studies(q="listed"))) == 2


def test_a_tell_survives_a_service_that_was_killed(service, client):
    study = cumae.Study("killed", SPACE, client=client)
    trial = study.trial()
    service.kill()
    telling = threading.Thread(target=trial.tell, args=(0.25,))
    telling.start()
    service.restart()
    telling.join(harness.PATIENCE_S)
    assert trial.state == "complete"
    assert study.best.value == 0.25


def test_an_ask_survives_a_service_that_was_away(service, client):
    study = cumae.Study("away", SPACE, client=client)
    assert service.terminate() == 0
    asked = []
    asking = threading.Thread(target=lambda: asked.extend(study.ask(3)))
    asking.start()
    service.restart()
    asking.join(harness.PATIENCE_S)
    assert [trial.number for trial in asked] == [0, 1, 2]
    assert study.info()["trials"]["total"] == 3


def test_heartbeats_keep_a_trial_from_being_lost(client):
    study = cumae.Study("leased", SPACE, lease_s=1, client=client)
    trial = study.trial()
    first = study.record(0).lease_expires
    harness.wait_until(
        lambda: study.record(0).lease_expires > first, "a renewed lease"
    )
    assert trial.tell(0.5) == "complete"


def work(url, token, name, told):
    client = cumae.Client(url, token)
    study = cumae.Study(
        name, SPACE, budget={"max_trials": 40}, client=client
    )
    for trial in study.work():
        with trial:
            trial.value = loss(trial)
        told.put(trial.number)


def test_processes_share_a_study_and_no_trial_is_given_twice(service, client):
    context = multiprocessing.get_context("spawn")
    told = context.Queue()
    arguments = (service.url, service.token, "crowd", told)
    workers = [context.Process(target=work, args=arguments) for _ in range(4)]
    for worker in workers:
        worker.start()
    numbers = sorted(told.get(timeout=harness.PATIENCE_S) for _ in range(40))
    for worker in workers:
        worker.join(harness.PATIENCE_S)
        assert worker.exitcode == 0
    assert numbers == list(range(40))
    assert told.empty()


def test_events_are_followed_while_others_work(client):
    study = cumae.Study(
        "events", SPACE, sampler="random", budget={"max_trials": 5},
        client=client,
    )
    worker = threading.Thread(target=study.optimize, args=(loss,))
    followed = study.events()
    seen = [next(followed)]
    worker.start()
    while seen[-1]["event"] != "study_finished":
        seen.append(next(followed))
    worker.join()
    kinds = [event["event"] for event in seen]
    assert kinds[0] == "study_created"
    assert kinds.count("trial_started") == kinds.count("trial_ended") == 5
    assert list(study.events(since=seen[-2]["seq"], wait_s=0)) == seen[-1:]


def test_trials_of_ones_own_and_what_they_teach(client):
    space = {"x": cumae.Float(-1, 1), "y": cumae.Float(-1, 1)}
    old = cumae.Study("old", space, client=client)
    old.import_trials(
        {"params": {"x": i / 100, "y": -(i % 7) / 7}, "value": i}
        for i in range(100)
    )
    assert list(old.importances())[0] == "x"
    assert old.add_trial({"x": 0, "y": 1}, float("inf")) == 100
    assert old.record(100).state == "failed"
    study = cumae.Study("new", space, warm_start=[old], client=client)
    assert study.info()["warm_start"]["results"] == [100]
    assert study.enqueue([{"x": 0.5}, {"x": 0.25, "y": 0}], priority=1) == [0, 1]
    assert study.enqueue({"x": 0.5}, skip_existing=True) == [0]
    assert [trial.params["x"] for trial in study.ask(2)] == [0.5, 0.25]
    assert study.importances() == {}


def test_trials_are_corrected_deleted_and_run_again(client):
    study = cumae.Study("edits", {"x": SPACE["x"]}, client=client)
    for value, trial in enumerate(study.ask(3)):
        trial.tell(value)
    study.ask()[0].fail("out of memory")
    seen = study.record(0).revision
    assert study.invalidate(0, "wrong sample").invalid
    assert study.best.number == 1
    with pytest.raises(cumae.Conflict):
        study.edit(0, value=5, revision=seen)
    assert study.edit(2, value=-1, tags=["redone"]).tags == ["redone"]
    assert study.best.number == 2 and study.best.value == -1
    study.delete_trial(2)
    study.delete_trial(2)
    with pytest.raises(cumae.NotFound):
        study.edit(2, notes="gone")
    assert [trial.number for trial in study.trials()] == [0, 1, 3]
    assert study.rerun() == [4] and study.rerun() == []
    assert study.rerun([0, 3]) == [5, 4]
    again = study.ask(2)
    assert [trial.number for trial in again] == [4, 5]
    assert again[1].params == study.record(0).params
    study.revalidate(0)
    assert study.best.number == 0
    with pytest.raises(cumae.Conflict):
        study.delete_trial(4)
    kinds = [event["event"] for event in study.events(wait_s=0)
             if "detail" in event]
    assert kinds == ["trial_edited"] * 2 + ["trial_deleted", "trial_edited"]


def test_studies_are_cloned_merged_and_found(service, client, monkeypatch):
    study = cumae.Study("Copied", {"x": SPACE["x"], "flag": SPACE["flag"]},
                        tags=["a"], client=client)
    for value in (0.25, 0.5, 0.75):
        study.add_trial({"x": value, "flag": True}, value)
    clone = study.clone(
        "clone", trials={"value_max": 0.5}, tags=["b"],
        space={"x": cumae.Float(0.25, 9)},
    )
    assert isinstance(clone, cumae.Study) and clone.name == "clone"
    assert [trial.value for trial in clone.trials()] == [0.25, 0.5]
    assert study.clone(
        "clone", trials={"value_max": 0.5}, tags=["b"],
        space={"x": cumae.Float(0.25, 9)},
    ).id == clone.id
    with pytest.raises(cumae.Unprocessable, match="trial 0"):
        study.clone("narrow", space={"x": cumae.Float(0.5, 1)})
    with pytest.raises(cumae.Conflict):
        study.clone("Copied")
    flat = study.clone("flat", space={"flag": None}, unfit="skip")
    assert flat.trials() == [] and list(flat.info()["space"]) == ["x"]
    assert clone.merge(study, study.id) == {
        "study_id": clone.id, "added": 1, "present": 5, "unfit": 0}
    found = clone.trials(state=["complete", "failed"], value_min=0.6)
    assert [trial.value for trial in found] == [0.75]
    monkeypatch.setenv("CUMAE_URL", service.url)
    monkeypatch.setenv("CUMAE_TOKEN", service.token)
    assert [s["name"] for s in cumae.studies(tag="b")] == ["clone"]
    assert [s["name"] for s in cumae.studies(q="COP", tag="a")] == ["Copied"]
    assert list(cumae.studies(owner="nobody")) == []


def test_a_released_trial_is_handed_to_the_next_worker_at_once(client):
    study = cumae.Study("released", SPACE, client=client)
    trial = study.trial()
    assert trial.release("maintenance", meta={"epoch": 3}) == "lost"
    assert trial.release() == "lost"
    twin = study.trial()
    record = study.record(twin.number)
    assert twin.params == trial.params and record.retry_of == trial.number
    assert study.record(trial.number).meta == {"epoch": 3}
    assert twin.tell(1.0) == "complete"


PREEMPTED = """
import sys, time, cumae
cumae.preemptible()
with cumae.Study.open(sys.argv[1]).trial():
    print("ready", flush=True)
    time.sleep(600)
"""


def test_a_preempted_process_hands_its_trial_back(service, client):
    study = cumae.Study("preempted", SPACE, client=client)
    environment = {
        **os.environ, "CUMAE_URL": service.url, "CUMAE_TOKEN": service.token}
    worker = subprocess.Popen(
        [sys.executable, "-c", PREEMPTED, study.id], env=environment,
        stdout=subprocess.PIPE, text=True)
    try:
        assert worker.stdout.readline() == "ready\n"
        worker.send_signal(signal.SIGTERM)
        worker.communicate(timeout=harness.PATIENCE_S)
    finally:
        worker.kill()
    assert worker.returncode == 128 + signal.SIGTERM
    assert study.record(0).state == "lost"
    study.trial()
    assert study.record(1).retry_of == 0


def test_work_ends_before_a_trial_that_does_not_fit_into_the_walltime(client):
    study = cumae.Study("walltime", SPACE, sampler="random", client=client)
    for trial in study.work(n_trials=30):
        trial.tell(0.5, wall_s=1000)
    assert list(study.work(walltime=lambda: 300.0)) == []
    with pytest.raises(cumae.StudyEnded, match="walltime"):
        study.ask(max_seconds=100)
    assert len(list(study.work(n_trials=2, walltime=lambda: 5000.0))) == 2


def test_a_study_is_exported_to_a_file(client, tmp_path):
    study = cumae.Study("exported", {"x": SPACE["x"]}, client=client)
    study.import_trials(
        {"params": {"x": i / 10}, "value": i, "meta": {"text": "é" * 1000}}
        for i in range(10)
    )
    long = {"params": {"x": 0.5}, "value": 1, "meta": {"text": "y" * 250_000}}
    study.import_trials([long] * 15)
    study.import_trials([long] * 15)
    study.import_trials([long] * 15)
    study.export(tmp_path / "study.jsonl")
    lines = (tmp_path / "study.jsonl").read_text().splitlines()
    assert json.loads(lines[0])["study"]["id"] == study.id
    trials = [json.loads(line) for line in lines[1:]]
    assert [trial["number"] for trial in trials] == list(range(55))
    assert trials[54]["meta"] == long["meta"]
    study.export(str(tmp_path / "study.csv"))
    csv.field_size_limit(1 << 20)  # 128 KiB is less than the meta of a trial
    with (tmp_path / "study.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["meta"] for row in rows[10:12]] == [
        json.dumps(long["meta"], separators=(",", ":"))] * 2
    assert [row["values.value"] for row in rows[:3]] == ["0.0", "1.0", "2.0"]
    assert len(rows) == 55 and rows[3]["params.x"] == "0.3"
    assert sorted(p.name for p in tmp_path.glob("study.*")) == [
        "study.csv", "study.jsonl"]


# ---- campaigns --------------------------------------------------------------


def scan(client, **fields):
    """Create a campaign of three masses."""
    wanted = {
        "template": {
            "space": {"x": cumae.Float(0, 1)}, "direction": "maximize",
            "sampler": "random", "budget": {"max_trials": 4}},
        "segments": [
            {"name": "300", "x": 300}, {"name": "500", "x": 500.0, "overrides": {
                "space": {"n": cumae.Int(1, 3)}}}, "background"],
        "axis": "m [GeV]", "client": client, **fields}
    return cumae.Campaign("scan", **wanted)


def test_a_campaign_from_beginning_to_end(client, tmp_path):
    campaign = scan(client)
    assert scan(client).id == cumae.Campaign.open(campaign.id, client).id
    first = campaign.ask(segment="500")[0]
    assert first.segment == "500" and first.study.name == "scan/500"
    first.tell(1)
    seen = {}
    for trial in campaign.work():
        with trial:
            trial.value = trial["x"]
        seen[trial.segment] = seen.get(trial.segment, 0) + 1
    assert seen == {"300": 4, "500": 3, "background": 4}
    progress = campaign.progress()
    assert progress["progress"]["complete"] == 12
    assert [s["x"] for s in progress["segments"]] == [300.0, 500.0, None]
    assert campaign.study("500").best.value == 1.0
    assert list(campaign.studies()) == ["300", "500", "background"]
    with pytest.raises(cumae.StudyEnded) as ended:
        campaign.ask()
    assert ended.value.reason == "finished"
    campaign.export(tmp_path / "scan.csv")
    with open(tmp_path / "scan.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["segment"] for row in rows].count("500") == 4
    campaign.export(tmp_path / "scan.jsonl")
    lines = (tmp_path / "scan.jsonl").read_text().splitlines()
    assert json.loads(lines[0])["campaign"]["name"] == "scan"
    assert len(lines) == 13


def test_threads_share_the_trials_of_a_campaign(client):
    campaign = scan(client)
    campaign.optimize(lambda trial: trial["x"], n_jobs=4)
    done = {s["name"]: s["trials"]["complete"]
            for s in campaign.progress()["segments"]}
    assert done == {"300": 4, "500": 4, "background": 4}


def test_a_campaign_is_steered_shared_and_deleted(client):
    campaign = scan(client)
    campaign.add_segments(["more"])
    assert len(campaign.progress()["segments"]) == 4
    campaign.pause()
    with pytest.raises(cumae.StudyEnded) as ended:
        campaign.ask(wait=False)
    assert ended.value.reason == "paused"
    campaign.resume()
    assert campaign.ask()[0].segment == "300"
    campaign.stop()
    client.request("POST", "/users", {"name": "anna"})
    campaign.share("anna", "worker")
    campaign.unshare("anna")
    with pytest.raises(cumae.Conflict):
        campaign.delete()
    campaign.delete(studies=True)
    campaign.delete()
    assert list(client.studies()) == []


def test_a_token_that_may_only_ask_works_for_a_campaign(service, client):
    campaign = scan(client)
    token = client.request("POST", "/tokens", {
        "name": "worker", "scopes": ["ask"], "campaign_id": campaign.id})
    with cumae.Client(service.url, token["token"]) as worker:
        campaign.client = worker
        for trial in campaign.work(n_trials=2):
            with trial:
                trial.value = 1.0
    campaign.client = client
    assert campaign.progress()["progress"]["complete"] == 2
def test_columns_are_what_the_trials_say(client):
    study = cumae.Study("columns", SPACE, sampler="random", client=client)
    for trial in study.ask(20):
        trial.tell(loss(trial))
    study.ask()
    trials = study.trials()
    known = study.columns()
    assert known["number"] == list(range(21))
    assert known["state"] == ["complete"] * 20 + ["running"]
    assert known["value.0"] == [t.value for t in trials]
    for name in SPACE:
        wanted = [t.params.get(name) for t in trials]
        assert [float(v) if isinstance(v, bool) else v for v in wanted] == [
            float(v) if isinstance(v, bool) else v
            for v in known[f"p.{name}"]]
    assert list(study.columns("number", "worker")) == ["number", "worker"]
    with pytest.raises(cumae.Unprocessable, match="p.none"):
        study.columns("p.none")


def test_a_notebook_shows_a_study(client):
    study = cumae.Study("shown <i>", SPACE, sampler="random", client=client)
    assert "no trials yet" in study._repr_html_()
    for trial in study.ask(20):
        trial.tell(loss(trial))
    study.ask()
    shown = study._repr_html_()
    assert shown.count("<circle") == 20 and "<i>" not in shown
    assert f"the best is {study.best.value:.6g}, trial" in shown
    assert "20 complete" in shown and "1 running" in shown
    study.delete()
    assert "no such study" in study._repr_html_()
