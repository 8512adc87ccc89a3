# SPDX-License-Identifier: MIT
"""test_study.py - studies and trials against the fake service"""

import gc
import logging
import sys
import threading
import time
import types

import numpy
import pytest

import cumae
from cumae import Categorical, Discrete, Float, Int

SPACE = {"x": Float(0, 1)}


def wait_until(condition, timeout_s=10.0):
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)


@pytest.fixture
def study(client):
    return cumae.Study("a", SPACE, client=client)


def stored(fake, number=0):
    return fake.state.trial("fake0", number)


# ---- definitions ------------------------------------------------------------


def test_parameters_say_only_what_was_given():
    assert Float(0, 1).as_json() == {"type": "float", "low": 0, "high": 1}
    assert Float(1e-3, 1, log=True, when={"b": ("t",)}).as_json() == {
        "type": "float", "low": 1e-3, "high": 1, "log": True,
        "when": {"b": ["t"]},
    }
    assert Int(1, 9, step=2).as_json() == {
        "type": "int", "low": 1, "high": 9, "step": 2,
    }
    assert Categorical(("a", None, 3)).as_json() == {
        "type": "categorical", "choices": ["a", None, 3],
    }
    assert Discrete([1, 2.5]).as_json() == {
        "type": "discrete", "values": [1, 2.5],
    }
    assert cumae.Bool().as_json() == {"type": "bool"}


def test_a_definition_holds_what_was_given_and_nothing_else(client, fake):
    cumae.Study(
        "a", {**SPACE, "raw": {"type": "bool"}}, direction="maximize",
        sampler="random", pruner={"name": "median", "options": {"n": 1}},
        budget={"max_trials": 3, "max_cost": 2.5}, iteration={"points": 4},
        constants={"data": "v3"}, client=client,
    )
    assert fake.state.study("fake0")["definition"] == {
        "name": "a",
        "space": {"x": {"type": "float", "low": 0, "high": 1},
                  "raw": {"type": "bool"}},
        "objectives": [{"name": "value", "direction": "maximize"}],
        "sampler": {"name": "random"},
        "pruner": {"name": "median", "options": {"n": 1}},
        "budget": {"max_trials": 3, "max_cost": 2.5},
        "iteration": {"points": 4},
        "constants": {"data": "v3"},
    }


def test_the_same_definition_finds_the_same_study(client, study):
    assert cumae.Study("a", SPACE, client=client).id == study.id


def test_another_definition_under_the_same_name_is_a_conflict(client, study):
    with pytest.raises(cumae.Conflict):
        cumae.Study("a", {"x": Float(0, 2)}, client=client)


def test_an_impossible_space_is_refused(client):
    with pytest.raises(cumae.Unprocessable, match="low must be below high"):
        cumae.Study("a", {"x": Float(3, 1)}, client=client)


def test_a_study_is_opened_by_its_id(client, study):
    assert cumae.Study.open(study.id, client).name == "a"
    with pytest.raises(cumae.NotFound):
        cumae.Study.open("none", client)


def test_a_wrong_token_is_unauthorized(fake):
    client = cumae.Client(fake.url, "cum_wrong")
    with pytest.raises(cumae.Unauthorized):
        cumae.Study("a", SPACE, client=client)


# ---- one trial --------------------------------------------------------------


def test_the_value_is_told_at_the_end_of_the_block(study, fake):
    with study.trial() as trial:
        assert trial.state == "running"
        trial.value = trial["x"] * 2
    assert trial.state == "complete"
    assert stored(fake)["values"] == [trial.params["x"] * 2]
    assert stored(fake)["wall_s"] >= 0.0


def test_an_exception_fails_the_trial_with_its_text_and_goes_on(study, fake):
    with pytest.raises(RuntimeError):
        with study.trial():
            raise RuntimeError("no more memory")
    assert stored(fake)["state"] == "failed"
    assert "RuntimeError: no more memory" in stored(fake)["error"]
    assert "test_study.py" in stored(fake)["error"]


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
def test_an_interruption_hands_the_trial_back_and_goes_on(study, fake, kind):
    with pytest.raises(kind):
        with study.trial() as trial:
            raise kind
    assert trial.state == stored(fake)["state"] == "lost"
    assert stored(fake)["stop_reason"] == kind.__name__
    assert study.trial().params == trial.params
    assert stored(fake, 1)["retry_of"] == 0


def test_a_released_trial_is_handed_out_again(study, fake):
    with study.trial() as trial:
        said = trial.release("maintenance", meta={"epoch": numpy.int64(3)})
        assert said == "lost" and trial.should_prune()
        assert trial.release() == "lost"
    assert stored(fake)["stop_reason"] == "maintenance"
    assert stored(fake)["meta"] == {"epoch": 3}
    wait_until(lambda: not trial._heartbeat._thread.is_alive())


def test_a_told_trial_is_not_released(study, fake):
    trial = study.trial()
    trial.tell(1.0)
    assert trial.release() == stored(fake)["state"] == "complete"


def test_a_release_that_does_not_get_through_hides_nothing(
    study, caplog, monkeypatch
):
    monkeypatch.setattr("cumae.held.INTERRUPTED_PATIENCE_S", 0.0)
    with pytest.raises(KeyboardInterrupt):
        with study.trial():
            study.client.base_url = "http://127.0.0.1:1"
            raise KeyboardInterrupt
    assert "trial 0: not released" in caplog.text


def test_a_lost_service_does_not_hide_the_exception(fake, caplog):
    client = cumae.Client(
        fake.url, "cum_fake", tell_patience_s=0, spool=False
    )
    study = cumae.Study("a", SPACE, client=client)
    with pytest.raises(RuntimeError, match="the real trouble"):
        with study.trial():
            client.base_url = "http://127.0.0.1:1"
            raise RuntimeError("the real trouble")
    assert "failure not told" in caplog.text


def test_pruned_ends_the_trial_and_stays_in_the_block(study, fake):
    with study.trial() as trial:
        raise cumae.Pruned
    assert trial.state == stored(fake)["state"] == "pruned"


def test_a_block_without_a_value_is_an_error(study, fake):
    with pytest.raises(cumae.CumaeError, match="trial 0 has no value"):
        with study.trial():
            pass
    assert stored(fake)["state"] == "failed"


def test_what_was_told_in_the_block_stands(study, fake):
    with study.trial() as trial:
        trial.tell(2.0, outputs={"loss": [1, 2]}, meta={"gpu": "a"})
    assert stored(fake)["values"] == [2.0]
    assert stored(fake)["outputs"] == {"loss": [1, 2]}
    assert stored(fake)["meta"] == {"gpu": "a"}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_a_value_that_is_no_number_fails_the_trial(study, fake, value):
    with study.trial() as trial:
        trial.value = value
    assert trial.state == "failed"
    assert stored(fake)["error"] == f"value is {value}"


def test_telling_twice_is_harmless_and_another_value_is_a_conflict(study):
    trial = study.trial()
    assert trial.tell(1.0) == trial.tell(1.0) == "complete"
    with pytest.raises(cumae.Conflict):
        trial.tell(2.0)


def test_numpy_is_told_as_numbers_and_nan_in_outputs_as_null(study, fake):
    trial = study.trial()
    trial.report(numpy.float32(0.5), step=numpy.int64(3))
    trial.tell(
        numpy.float64(1.5),
        outputs={"v": numpy.array([1.0, float("nan")]), "n": numpy.int64(3)},
    )
    assert stored(fake)["values"] == [1.5]
    assert stored(fake)["outputs"] == {"v": [1.0, None], "n": 3}
    assert stored(fake)["reports"] == [{"step": 3, "value": 0.5}]


def test_what_has_no_json_form_is_a_type_error(study):
    with pytest.raises(TypeError, match="object has no JSON form"):
        study.trial().tell(1.0, outputs={"a": object()})


# ---- reports ----------------------------------------------------------------


def test_steps_are_counted_when_they_are_not_given(study, fake):
    trial = study.trial()
    trial.report(0.3)
    trial.report(0.2, step=10)
    trial.report(0.1)
    assert [r["step"] for r in stored(fake)["reports"]] == [0, 10, 11]


def test_the_decision_of_a_report_is_kept(client):
    pruner = {"name": "threshold", "options": {"upper": 1.0}}
    study = cumae.Study("a", SPACE, pruner=pruner, client=client)
    trial = study.trial()
    assert trial.report(0.5) is False and trial.should_prune() is False
    assert trial.report(2.0) is True and trial.should_prune() is True
    assert trial.report(0.5) is True


def test_a_diverged_report_is_not_sent_and_prunes(study, fake):
    trial = study.trial()
    assert trial.report(float("nan")) is True
    assert trial.should_prune() is True
    assert stored(fake)["reports"] == []


def test_a_report_that_does_not_get_through_is_dropped(study, caplog):
    trial = study.trial()
    address, study.client.base_url = study.client.base_url, "http://127.0.0.1:1"
    study.client.patience_s = 0.0
    assert trial.report(0.5) is False
    assert "report dropped" in caplog.text
    study.client.base_url = address
    assert trial.report(0.5) is False


# ---- heartbeats -------------------------------------------------------------


@pytest.fixture
def short(client):
    return cumae.Study("a", SPACE, lease_s=0.03, client=client)


def test_a_running_trial_renews_its_lease_until_it_is_told(short, fake):
    trial = short.trial()
    wait_until(lambda: stored(fake)["beats"] >= 3)
    trial.tell(1.0)
    wait_until(lambda: not trial._heartbeat._thread.is_alive())


def test_a_trial_that_the_service_ended_should_be_pruned(short, fake):
    trial = short.trial()
    stored(fake)["state"] = "cancelled"
    wait_until(trial.should_prune)
    wait_until(lambda: not trial._heartbeat._thread.is_alive())


def test_a_forgotten_trial_is_not_kept_alive(short):
    trial = short.trial()
    thread = trial._heartbeat._thread
    del trial
    gc.collect()
    wait_until(lambda: not thread.is_alive())


def test_a_heartbeat_goes_on_when_the_service_was_away(short, fake, caplog):
    trial = short.trial()
    address = short.client.base_url
    short.client.base_url = "http://127.0.0.1:1"
    wait_until(lambda: "heartbeat:" in caplog.text)
    beats = stored(fake)["beats"]
    short.client.base_url = address
    wait_until(lambda: stored(fake)["beats"] > beats)
    trial.tell(1.0)


def test_the_heartbeat_of_a_deleted_study_stops(short, caplog):
    trial = short.trial()
    with caplog.at_level(logging.WARNING, "cumae"):
        short.delete()
        wait_until(lambda: not trial._heartbeat._thread.is_alive())
    assert "heartbeat stopped: 404" in caplog.text


# ---- many trials ------------------------------------------------------------


def test_many_trials_are_asked_for_at_once(study):
    assert [t.number for t in study.ask(3)] == [0, 1, 2]


def test_the_end_of_the_budget_is_study_ended(client):
    study = cumae.Study("a", SPACE, budget={"max_trials": 2}, client=client)
    assert len(study.ask(5)) == 2
    with pytest.raises(cumae.StudyEnded, match="budget") as caught:
        study.ask()
    assert caught.value.reason == "budget" and caught.value.detail
    assert caught.value.detail in str(caught.value)


def test_a_cost_is_told_with_every_end(study):
    told, pruned, failed, none = study.ask(4)
    told.tell(1.0, cost=2.5)
    with pruned:
        pruned.cost = 1
        raise cumae.Pruned
    with pytest.raises(ZeroDivisionError), failed:
        failed.cost = 0.5
        1 / 0
    none.tell(1.0)
    assert [t.cost for t in study.trials()] == [2.5, 1, 0.5, None]


def test_a_paused_study_is_waited_for(study):
    study.pause()
    with pytest.raises(cumae.StudyEnded, match="paused"):
        study.ask(wait=False)
    asked = []
    thread = threading.Thread(target=lambda: asked.extend(study.ask()))
    thread.start()
    study.resume()
    thread.join(10.0)
    assert [t.number for t in asked] == [0]


def test_work_yields_trials_until_the_study_ends(client):
    study = cumae.Study("a", SPACE, budget={"max_trials": 3}, client=client)
    for trial in study.work():
        with trial:
            trial.value = trial["x"]
    assert [t.state for t in study.trials()] == ["complete"] * 3


def test_work_is_limited_by_number_and_time(study):
    assert sum(1 for _ in study.work(n_trials=2)) == 2
    assert sum(1 for _ in study.work(timeout_s=0.0)) == 0


@pytest.mark.parametrize("n_jobs", [1, 3])
def test_optimize_runs_so_many_trials(study, n_jobs):
    study.optimize(lambda trial: trial["x"], n_trials=7, n_jobs=n_jobs)
    done = study.trials(state="complete")
    assert [t.number for t in done] == list(range(7))
    assert study.best.value == min(t.value for t in done)


def test_optimize_maximizes_too(client):
    study = cumae.Study("a", SPACE, direction="maximize", client=client)
    study.optimize(lambda trial: trial["x"], n_trials=5)
    assert study.best.value == max(t.params["x"] for t in study.trials())


def test_optimize_takes_what_the_objective_told_itself(study):
    study.optimize(lambda trial: trial.tell(4.0) and None, n_trials=1)
    assert study.best.value == 4.0


TWO = [{"name": "loss"}, {"name": "auc", "direction": "maximize"}]
BOUND = [{"name": "ms", "upper": 20}]


@pytest.mark.parametrize("kind", [tuple, list, numpy.array])
def test_optimize_takes_one_value_per_objective(client, kind):
    study = cumae.Study("two", SPACE, objectives=TWO, client=client)
    told = iter([(3, 1), (1, 1), (2, 0), (2, 4), (1, 1)])
    study.optimize(lambda trial: kind(next(told)), n_trials=5)
    front = study.pareto()
    assert [trial.number for trial in front] == [1, 3, 4]
    assert [trial.values for trial in front] == [[1, 1], [2, 4], [1, 1]]


def test_optimize_takes_an_array_without_dimensions(study):
    study.optimize(lambda trial: numpy.array(0.25), n_trials=1)
    assert study.best.value == 0.25


def test_constraints_of_the_space_go_with_the_definition(client, fake):
    cumae.Study("half", SPACE, constraints=("x <= 0.5",), client=client)
    assert fake.state.study("fake0")["constraints"] == ["x <= 0.5"]


def test_a_block_tells_values_and_constraints(client, fake):
    study = cumae.Study("two", SPACE, objectives=TWO,
                        outcome_constraints=BOUND, client=client)
    assert fake.state.study("fake0")["outcome_constraints"] == BOUND
    for constraints in ({"ms": numpy.float32(20)}, [21]):
        with study.trial() as trial:
            trial.values = numpy.array([0.5, 2])
            trial.constraints = constraints
    first, second = study.trials()
    assert (first.state, second.state) == ("complete", "infeasible")
    assert first.values == [0.5, 2] and first.constraints == {"ms": 20}
    assert second.constraints == {"ms": 21}


@pytest.mark.parametrize("constraints", [{"ms": float("nan")}, [float("nan")]])
def test_a_constraint_that_is_nan_fails_the_trial(study, fake, constraints):
    with study.trial() as trial:
        trial.value = 1.0
        trial.constraints = constraints
    assert stored(fake)["state"] == "failed"
    assert stored(fake)["error"] == "constraint is nan"


def test_why_a_trial_was_chosen_is_there_to_read(study, fake):
    trial = study.trial()
    assert trial.why is None
    stored(fake)["why"] = "the best of 24 draws"
    assert study.record(0).why == "the best of 24 draws"


@pytest.mark.parametrize("n_jobs", [1, 3])
def test_optimize_raises_what_it_does_not_catch(study, n_jobs):
    def objective(trial):
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        study.optimize(objective, n_trials=50, n_jobs=n_jobs)
    assert 1 <= study.info()["trials"]["failed"] <= n_jobs


def test_optimize_goes_on_after_what_it_catches(study):
    def objective(trial):
        if trial.number % 2:
            raise ValueError("odd")
        return 1.0

    study.optimize(objective, n_trials=4, catch=(ValueError,))
    counts = study.info()["trials"]
    assert (counts["complete"], counts["failed"]) == (2, 2)


def test_optimize_stops_in_time(study):
    study.optimize(lambda trial: 1.0, timeout_s=0.0)
    assert study.trials() == []


# ---- results ----------------------------------------------------------------


def test_there_is_no_best_before_the_first_result(study):
    assert study.best is None


def test_all_pages_of_the_trials_are_read(study):
    study.ask(5)  # the fake has two trials on a page
    assert [t.number for t in study.trials()] == [0, 1, 2, 3, 4]
    assert study.trials(state="complete") == []


def test_studies_are_listed(client, study):
    assert [s["name"] for s in client.studies(q="a")] == ["a"]
    assert list(client.studies(q="none")) == []


def test_a_record_ignores_fields_of_later_services():
    record = cumae.TrialRecord.from_json({
        "study_id": "s", "number": 1, "state": "running", "params": {},
        "values": None, "some_day": 1,
    })
    assert record.number == 1 and record.value is None


class Frame:
    """Stands for pandas.DataFrame, which is too large a guest for one test."""

    def __init__(self, rows):
        self.rows = rows

    def set_index(self, name):
        self.index = [row[name] for row in self.rows]
        return self


def test_a_dataframe_has_a_row_per_trial(study, monkeypatch):
    pandas = types.SimpleNamespace(DataFrame=Frame)
    monkeypatch.setitem(sys.modules, "pandas", pandas)
    study.optimize(lambda trial: trial["x"], n_trials=3)
    frame = study.trials_dataframe()
    assert frame.index == [0, 1, 2]
    assert all(row["value"] == row["params.x"] for row in frame.rows)
    assert {row["state"] for row in frame.rows} == {"complete"}


def test_one_trial_is_read_with_its_reports(study):
    study.trial().report(0.5, step=3)
    assert study.record(0).reports == [{"step": 3, "value": 0.5}]
    with pytest.raises(cumae.NotFound):
        study.record(1)


def test_without_pandas_the_error_says_what_to_do(study, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(cumae.CumaeError, match="pip install pandas"):
        study.trials_dataframe()


def test_deleting_twice_is_fine(study):
    study.delete()
    study.delete()


def test_stop_ends_the_study(study):
    study.stop()
    with pytest.raises(cumae.StudyEnded, match="finished"):
        study.trial()


# ---- events -----------------------------------------------------------------


def test_events_go_on_over_many_answers_and_end_when_told_not_to_wait(study):
    for trial in study.ask(3):
        trial.tell(0.5)
    events = list(study.events(wait_s=0))
    assert [event["seq"] for event in events] == [1, 2, 3, 4, 5, 6]
    assert [event["event"] for event in events[2:4]] == [
        "trial_started", "trial_ended"]
    assert list(study.events(since=4, wait_s=0)) == events[4:]


def test_events_are_followed_until_the_caller_has_enough(study):
    trial = study.trial()
    followed = study.events()
    assert next(followed)["event"] == "trial_started"
    trial.tell(0.5)
    event = next(followed)
    assert (event["event"], event["state"]) == ("trial_ended", "complete")


def test_a_wait_for_events_is_shorter_than_the_timeout(study, monkeypatch):
    asked = []

    def request(method, path, query):
        asked.append(dict(query))
        return {"events": [{"seq": 7}], "next": 7}

    monkeypatch.setattr(study.client, "request", request)
    monkeypatch.setattr(study.client, "timeout_s", 20.0)
    next(study.events(wait_s=60))
    assert asked == [{"since": 0, "wait_s": 15}]


# ---- trials of your own -----------------------------------------------------


def test_points_are_enqueued_alone_or_in_a_list(study, fake):
    assert study.enqueue({"x": numpy.float64(0.5)}) == [0]
    points = [{"x": 0.1}, {}]
    assert study.enqueue(points, priority=3, meta={"by": "anna"}) == [1, 2]
    assert stored(fake)["params"] == {"x": 0.5}
    assert stored(fake, 2)["params"] == {}
    assert stored(fake, 2)["priority"] == 3
    assert stored(fake, 2)["meta"] == {"by": "anna"}
    assert study.enqueue([]) == []


def test_results_are_imported_a_thousand_in_a_call(study, fake):
    results = ({"params": {"x": i}, "value": i, "id": str(i)}
               for i in range(1500))
    assert study.import_trials(results) == list(range(1500))
    assert stored(fake, 1499)["values"] == [1499]
    assert stored(fake, 1499)["state"] == "complete"
    again = study.add_trial({"x": 7}, 7, id="7")
    assert again == 7


def test_a_result_that_is_not_finite_is_a_failure(study, fake):
    study.add_trial({"x": 1}, float("nan"), wall_s=3)
    assert stored(fake)["state"] == "failed" and stored(fake)["wall_s"] == 3
    assert stored(fake)["values"] is None and "finite" in stored(fake)["error"]


def test_each_trial_that_is_brought_has_an_id(study, fake):
    study.enqueue([{"x": 0}, {"x": 0}])
    assert len({stored(fake, n)["id"] for n in range(2)}) == 2


def test_a_study_may_learn_from_others(client, study, fake):
    cumae.Study("b", SPACE, warm_start=[study, "abc"], client=client)
    definition = fake.state.study("fake1")["definition"]
    assert definition["warm_start"] == {"studies": [study.id, "abc"]}


def test_importances_are_by_name(study):
    assert study.importances(method="ped_anova") == {"x": 1}
