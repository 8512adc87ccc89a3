# SPDX-License-Identifier: MIT
"""test_delivery.py - told results reach the service, now or later"""

import errno
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest

import cumae
from cumae import delivery
from cumae.__main__ import main
from cumae.spool import Spool
from fake_service import TOKEN

SPACE = {"x": cumae.Float(0, 1)}
NOWHERE = "http://127.0.0.1:1"
STUDY = {"id": "s1", "name": "a", "lease_s": 600}
TRIALS = {"study_id": "s1", "trials": [{"number": 0, "params": {"x": 1}}]}


@pytest.fixture
def spool():
    return Spool(Path(os.environ["CUMAE_SPOOL"]))


@pytest.fixture
def quick(fake):
    """A client that gives up at once."""
    with cumae.Client(fake.url, TOKEN, tell_patience_s=0.0) as one:
        yield one


@pytest.fixture
def study(quick):
    return cumae.Study("a", SPACE, client=quick)


def tell_nowhere(trial, *value, **told):
    """Tell while the service is away."""
    client = trial.study.client
    there, client._http = client._http, httpx.Client(
        transport=httpx.MockTransport(refuse))
    try:
        return trial.tell(*value, **told)
    finally:
        client._http = there


def spool_values(study, *values):
    """Tell as many trials while the service is away."""
    for trial, value in zip(study.ask(len(values)), values):
        tell_nowhere(trial, value)


def refuse(request):
    raise httpx.ConnectError("connection refused")


def waiting(spool):
    return [result.number for _, result in spool.waiting()]


def wait_until(condition, timeout_s=10.0):
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)


def stored(fake, number=0):
    return fake.state.trial("fake0", number)


def another(fake, **options):
    return cumae.Client(fake.url, TOKEN, **options)


# ---- the way of a tell ------------------------------------------------------


def test_a_result_is_on_disk_before_it_is_sent_and_gone_afterwards(
    spool, monkeypatch
):
    seen = []

    def answer(request):
        if request.url.path.endswith("/tell"):
            seen.extend(result.told for _, result in spool.waiting())
            return httpx.Response(200, json={"state": "complete"})
        ask = request.url.path.endswith("/ask")
        return httpx.Response(200, json=TRIALS if ask else STUDY)

    transport = httpx.MockTransport(answer)
    client = cumae.Client("http://service", "cum_x", transport=transport)
    trial = cumae.Study("a", SPACE, client=client).trial()
    assert trial.tell(0.5, wall_s=1) == "complete"
    assert seen == [{"value": 0.5, "wall_s": 1}]
    assert waiting(spool) == []


def test_the_token_is_not_in_the_spool(study, spool):
    tell_nowhere(study.trial(), 0.5)
    (path, result), = spool.waiting()
    assert TOKEN not in path.read_text()
    assert (result.url, result.study_id) == (study.client.base_url, "fake0")


def test_when_the_service_is_away_the_program_goes_on(study, spool, caplog):
    with study.trial() as trial:
        trial.value = 0.5
        study.client._http = httpx.Client(
            transport=httpx.MockTransport(refuse))
    assert trial.state == "spooled"
    (path, _), = spool.waiting()
    assert str(path) in caplog.text
    wait_until(lambda: not trial._heartbeat._thread.is_alive())


def test_who_asks_for_it_gets_an_error_that_names_the_file(fake, spool):
    client = another(fake, tell_patience_s=0.0, raise_when_away=True)
    trial = cumae.Study("a", SPACE, client=client).trial()
    with pytest.raises(cumae.ServiceUnreachable, match="waits in .*json"):
        tell_nowhere(trial, 0.5)
    assert waiting(spool) == [0]


def test_without_a_spool_a_lost_tell_is_an_error(fake, spool, monkeypatch):
    monkeypatch.setenv("CUMAE_SPOOL", "off")
    client = another(fake, tell_patience_s=0.0)
    trial = cumae.Study("a", SPACE, client=client).trial()
    with pytest.raises(cumae.ServiceUnreachable):
        tell_nowhere(trial, 0.5)
    assert waiting(spool) == []


def test_failures_and_pruned_trials_are_kept_too(study, spool):
    for trial, state in zip(study.ask(2), ("failed", "pruned")):
        tell_nowhere(trial, state=state)
    told = [result.told["state"] for _, result in spool.waiting()]
    assert told == ["failed", "pruned"]


def test_a_value_that_does_not_fit_json_is_an_error_before_all(study, spool):
    trial = study.trial()
    with pytest.raises(TypeError):
        trial.tell(1.0, outputs={"a": object()})
    assert waiting(spool) == [] and trial.state == "running"


def test_an_answer_that_no_service_gave_leaves_the_result(spool):
    answers = iter([STUDY, TRIALS, {"welcome": "to the hotel"}])
    client = cumae.Client("http://service", "cum_x", transport=(
        httpx.MockTransport(lambda r: httpx.Response(200, json=next(answers)))))
    trial = cumae.Study("a", SPACE, client=client).trial()
    with pytest.raises(KeyError):
        trial.tell(0.5)
    assert waiting(spool) == [0]


# ---- delivery ---------------------------------------------------------------


def test_the_same_client_delivers_when_the_service_is_back(study, fake, spool):
    trial = study.trial()
    assert tell_nowhere(trial, 0.5, outputs={"auc": 1}) == "spooled"
    assert stored(fake)["state"] == "running"
    study.info()
    wait_until(lambda: stored(fake)["state"] == "complete")
    assert stored(fake)["values"] == [0.5]
    assert stored(fake)["outputs"] == {"auc": 1}
    wait_until(lambda: waiting(spool) == [])


def test_another_process_delivers_after_its_first_call(study, fake, spool):
    spool_values(study, 0, 1, 2)
    assert waiting(spool) == [0, 1, 2]
    with another(fake) as client:
        client.info()
        wait_until(lambda: waiting(spool) == [])
    assert [stored(fake, n)["values"] for n in range(3)] == [[0], [1], [2]]
    ends = [e["number"] for e in fake.state.study("fake0")["events"]
            if e["event"] == "trial_ended"]
    assert ends == [0, 1, 2]


def test_results_for_another_service_stay(study, fake, spool):
    tell_nowhere(study.trial(), 0.5)
    transport = httpx.MockTransport(lambda r: httpx.Response(200, json={}))
    with cumae.Client(NOWHERE, "cum_x", transport=transport) as other:
        other.info()
        assert other.delivery.deliver() == delivery.Outcome()
    assert waiting(spool) == [0]


LEAVES = """
import os, sys, httpx, cumae
client = cumae.Client(tell_patience_s=0.0)
def work():
    study = cumae.Study("a", {"x": cumae.Float(0, 1)}, client=client)
    trial = study.trial()
    real, client._http = client._http, httpx.Client(
        transport=httpx.MockTransport(lambda r: httpx.Response(503)))
    assert trial.tell(0.5) == "spooled"
    client._http = real
work()
if len(sys.argv) > 1:
    os._exit(0)
"""


def run(fake, code, *arguments):
    environment = {**os.environ, "CUMAE_URL": fake.url, "CUMAE_TOKEN": TOKEN}
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], env=environment, check=True,
        timeout=60, capture_output=True, text=True,
    )


def test_a_program_delivers_what_waits_when_it_ends(fake, spool):
    run(fake, LEAVES)
    assert waiting(spool) == []
    assert stored(fake)["values"] == [0.5]


def test_a_program_that_was_killed_leaves_its_result_to_the_next(fake, spool):
    run(fake, LEAVES, "killed")
    assert waiting(spool) == [0] and stored(fake)["state"] == "running"
    run(fake, "import cumae; cumae.Client().info()")
    assert waiting(spool) == [] and stored(fake)["values"] == [0.5]


def test_an_end_without_the_service_takes_no_longer_than_seconds(
    study, spool, caplog
):
    tell_nowhere(study.trial(), 0.5)
    client = study.client
    client._transport = httpx.MockTransport(refuse)
    begun = time.monotonic()
    client.close()
    assert time.monotonic() - begun < delivery.EXIT_S + 1.0
    assert waiting(spool) == [0]
    assert f"wait in {spool.folder}" in caplog.text


def test_the_end_of_a_program_begins_no_call_after_some_seconds(
    study, spool, monkeypatch
):
    spool_values(study, 0, 1)
    monkeypatch.setattr(delivery, "EXIT_S", 0.0)
    study.client.delivery.finish()
    assert waiting(spool) == [0, 1]
    monkeypatch.setattr(delivery, "EXIT_S", 5.0)
    study.client.delivery.finish()
    assert waiting(spool) == []


def test_many_that_deliver_at_once_tell_each_result_once(study, fake, spool):
    spool_values(study, *range(20))
    barrier = threading.Barrier(4)

    def deliver():
        with another(fake) as client:
            barrier.wait()
            client.delivery.deliver()

    threads = [threading.Thread(target=deliver) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert waiting(spool) == [] and list(spool.refused()) == []
    assert [stored(fake, n)["values"] for n in range(20)] == [
        [n] for n in range(20)]


def test_batches_fit_into_calls(study, fake, spool, monkeypatch):
    monkeypatch.setattr(delivery, "BATCH_TELLS", 3)
    monkeypatch.setattr(delivery, "BATCH_BYTES", 2000)
    for trial in study.ask(7):
        pad = {"pad": "x" * 800} if trial.number >= 4 else None
        tell_nowhere(trial, trial.number, meta=pad)
    calls = []
    real = study.client.request

    def request(method, path, body=None, **options):
        calls.append([one["number"] for one in body["tells"]])
        return real(method, path, body, **options)

    monkeypatch.setattr(study.client, "request", request)
    outcome = study.client.delivery.deliver()
    # 3 by number; then 200 + 800 and something each, of which one and a small
    # one fit into 2000 bytes.
    assert calls == [[0, 1, 2], [3, 4], [5], [6]]
    assert outcome == delivery.Outcome(delivered=7)
    assert waiting(spool) == []


def test_a_delivery_that_does_not_get_through_is_tried_again_later(
    study, spool, monkeypatch
):
    monkeypatch.setattr(delivery, "AGAIN_S", 0.0)
    monkeypatch.setattr(delivery, "ROUND_PATIENCE_S", 0.0)
    tell_nowhere(study.trial(), 0.5)
    client = study.client
    client._transport = httpx.MockTransport(refuse)  # of the spare
    client.info()
    client.delivery._thread.join()
    assert waiting(spool) == [0]
    client._transport = None
    client.info()
    wait_until(lambda: waiting(spool) == [])


# ---- refusals ---------------------------------------------------------------


def test_a_conflict_is_kept_with_its_reason(study, spool, caplog):
    trial = study.trial()
    trial.tell(1.0)
    with pytest.raises(cumae.Conflict):
        trial.tell(2.0)
    (path, result, problem), = spool.refused()
    assert result.told["value"] == 2.0
    assert (problem["status"], problem["code"]) == (409, "conflict")
    assert problem["request_id"] == "fake-1"
    assert str(path) in caplog.text and "told already" in caplog.text


def test_a_refusal_at_delivery_is_kept_and_reported(study, fake, spool, caplog):
    first, second = study.ask(2)
    tell_nowhere(first, 1.0)
    tell_nowhere(second, 3.0)
    stored(fake, 0).update(state="complete", values=[2.0])
    assert study.client.delivery.deliver() == delivery.Outcome(1, 1, 0)
    (path, result, problem), = spool.refused()
    assert (result.number, problem["status"]) == (0, 409)
    assert str(path) in caplog.text
    assert stored(fake, 0)["values"] == [2.0]
    assert stored(fake, 1)["values"] == [3.0]


def test_a_deleted_study_is_the_last_word_to_its_own_token_only(
    study, fake, spool, monkeypatch
):
    tell_nowhere(study.trial(), 1.0)
    study.delete()
    monkeypatch.setattr("fake_service.TOKEN", "cum_other")
    with cumae.Client(fake.url, "cum_other") as other:
        assert other.delivery.deliver() == delivery.Outcome(0, 0, 1)
    assert waiting(spool) == [0]
    monkeypatch.setattr("fake_service.TOKEN", TOKEN)
    assert study.client.delivery.deliver() == delivery.Outcome(0, 1, 0)
    assert waiting(spool) == [] and len(list(spool.refused())) == 1


@pytest.mark.parametrize("status, error", [
    (401, cumae.Unauthorized), (403, cumae.Forbidden),
    (500, cumae.ServiceError), (404, cumae.NotFound),
])
def test_what_may_change_leaves_the_result(scripted, spool, status, error):
    # The 404 is that of a proxy: a page, not a problem document.
    problem = {"code": "c", "detail": "d"} if status != 404 else {}
    client, _ = scripted((200, STUDY), (200, TRIALS), (status, problem))
    trial = cumae.Study("a", SPACE, client=client).trial()
    with pytest.raises(error):
        trial.tell(0.5)
    assert waiting(spool) == [0] and list(spool.refused()) == []


def test_a_token_that_ended_delivers_nothing_and_loses_nothing(
    study, fake, spool, caplog
):
    tell_nowhere(study.trial(), 1.0)
    with cumae.Client(fake.url, "cum_ended") as ended:
        with pytest.raises(cumae.Unauthorized):
            ended.delivery.deliver()
    assert waiting(spool) == [0]
    assert "401" in caplog.text  # of the attempt at the end


def test_a_service_that_does_not_know_the_call_refuses_no_result(
    study, spool, monkeypatch
):
    spool_values(study, 0, 1)

    def request(*_, **__):
        raise cumae.NotFound(404, "not_found", "no such path")

    monkeypatch.setattr(study.client, "request", request)
    with pytest.raises(cumae.NotFound):
        study.client.delivery.deliver()
    assert waiting(spool) == [0, 1]


def test_one_result_that_spoils_the_call_is_refused_alone(
    study, spool, monkeypatch
):
    spool_values(study, 0, 1, 2)
    real = study.client.request

    def request(method, path, body=None, **options):
        if any(one["number"] == 1 for one in body["tells"]):
            raise cumae.ServiceError(413, "too_large", "at most 4 MiB")
        return real(method, path, body, **options)

    monkeypatch.setattr(study.client, "request", request)
    assert study.client.delivery.deliver() == delivery.Outcome(2, 1, 0)
    (_, result, problem), = spool.refused()
    assert (result.number, problem["code"]) == (1, "too_large")


# ---- disks that fail --------------------------------------------------------


@pytest.mark.parametrize("call", ["open", "fsync", "replace", "listdir"])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_without_a_disk_tells_go_out_and_a_warning_says_so(
    study, fake, spool, monkeypatch, caplog, call, code
):
    trial = study.trial()

    def broken(*_, **__):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(f"cumae.spool.os.{call}", broken)
    assert trial.tell(0.5) == "complete"
    monkeypatch.undo()
    assert stored(fake)["values"] == [0.5]
    assert f"the spool in {spool.folder} does not work" in caplog.text
    assert os.strerror(code) in caplog.text


def test_a_path_that_is_no_folder_is_a_spool_that_does_not_work(
    fake, tmp_path, caplog
):
    (tmp_path / "file").write_text("")
    with another(fake, spool=tmp_path / "file" / "spool") as client:
        study = cumae.Study("a", SPACE, client=client)
        assert study.trial().tell(0.5) == "complete"
        trial = study.trial()
        client.tell_patience_s = 0.0
        with pytest.raises(cumae.ServiceUnreachable):
            tell_nowhere(trial, 0.5)
    assert "does not work" in caplog.text


def test_a_full_spool_still_tells_and_keeps_the_oldest(
    study, fake, spool, monkeypatch, caplog
):
    monkeypatch.setattr("cumae.spool.MOST_FILES", 1)
    first, second, third = study.ask(3)
    tell_nowhere(first, 1.0)
    with pytest.raises(cumae.ServiceUnreachable):
        tell_nowhere(second, 2.0)
    assert "at most 1 files" in caplog.text
    assert waiting(spool) == [0]
    assert third.tell(3.0) == "complete"


def test_a_result_that_cannot_be_removed_is_told_again_without_harm(
    study, fake, spool, monkeypatch, caplog
):
    trial = study.trial()

    def broken(path):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr("cumae.spool.os.unlink", broken)
    assert trial.tell(0.5) == "complete"
    monkeypatch.undo()
    assert "was told, but stays" in caplog.text
    assert study.client.delivery.deliver() == delivery.Outcome(1, 0, 0)


# ---- python -m cumae spool --------------------------------------------------


@pytest.fixture
def said(fake, monkeypatch, capsys):
    """said(*arguments) -> (status, output)"""
    monkeypatch.setenv("CUMAE_URL", fake.url)
    monkeypatch.setenv("CUMAE_TOKEN", TOKEN)

    def run_command(*arguments):
        status = main(["spool", *arguments])
        captured = capsys.readouterr()
        return status, captured.out + captured.err

    return run_command


def test_the_command_lists_and_delivers_what_waits(study, fake, spool, said):
    assert said() == said("list") == (0, "")
    tell_nowhere(study.trial(), 0.5)
    status, out = said("list")
    assert status == 0
    assert f"{fake.url} study fake0 trial 0: 0.5" in out and "waits" in out
    assert said("deliver") == (
        0, f"{fake.url}: 1 delivered, 0 refused, 0 left\n")
    assert stored(fake)["values"] == [0.5]


def test_the_command_shows_refusals_and_lets_them_wait_again(
    study, fake, spool, said
):
    trial = study.trial()
    tell_nowhere(trial, 0.5)
    stored(fake).update(state="complete", values=[2.0])
    status, out = said("deliver")
    assert status == 1 and "1 refused" in out
    (path, _, _), = spool.refused()
    status, out = said("list")
    assert "refused" in out and "409 trial 0 was told already" in out
    assert said("retry", path.stem) == (0, f"{path.stem} waits again\n")
    stored(fake).update(state="running", values=None)
    assert said("deliver")[0] == 0
    assert stored(fake)["values"] == [0.5]


def test_the_command_drops_only_what_is_named(study, spool, said):
    spool_values(study, 0, 1)
    (first, _), (second, _) = spool.waiting()
    assert said("drop")[0] == 2
    assert said("drop", "nonsense") == (2, "cumae: there is no nonsense\n")
    assert said("drop", first.stem) == (0, f"{first.stem} is deleted\n")
    assert waiting(spool) == [1]
    (spool.folder / "3-x.json").write_text("{")
    assert said("drop", "--all")[0] == 0
    assert list(spool.folder.glob("[0-9]*")) == []


def test_the_command_names_services_it_was_not_asked_for(spool, study, said):
    tell_nowhere(study.trial(), 0.5)
    os.environ["CUMAE_URL"] = NOWHERE
    status, out = said("deliver")
    assert status == 1 and f"results wait for {study.client.base_url}" in out


def test_the_command_says_when_there_is_no_spool(said, monkeypatch):
    monkeypatch.setenv("CUMAE_SPOOL", "off")
    assert said("list") == (1, "there is no spool: CUMAE_SPOOL is off\n")


def test_the_command_takes_another_folder(study, spool, said, monkeypatch):
    tell_nowhere(study.trial(), 0.5)
    monkeypatch.setenv("CUMAE_SPOOL", "off")
    assert "trial 0" in said("--folder", str(spool.folder), "list")[1]
