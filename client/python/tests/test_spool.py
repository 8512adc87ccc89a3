# SPDX-License-Identifier: MIT
"""test_spool.py - the files of the spool, and what disks do to them"""

import errno
import json
import os
import stat
import threading
from pathlib import Path

import pytest

from cumae import spool as spools
from cumae.spool import Result, Spool, default_folder, open_spool


def result(number=0, **fields):
    mold = {"url": "http://service", "study_id": "s1", "number": number,
            "told": {"value": 0.5}, "token_id": "abc",
            "written": "2030-01-01T00:00:00Z"}
    return Result(**{**mold, **fields})


@pytest.fixture
def spool(tmp_path):
    return Spool(tmp_path / "state" / "spool")


def numbers(spool):
    return [each.number for _, each in spool.waiting()]


def test_a_result_comes_back_as_it_was_put(spool):
    told = {"values": [0.1, 1e-300], "outputs": {"ü": [1, None]}}
    path = spool.put(result(told=told))
    assert list(spool.waiting()) == [(path, result(told=told))]
    assert json.loads(path.read_text())["study_id"] == "s1"


def test_results_come_back_in_the_order_of_their_putting(spool):
    for number in (5, 3, 4):
        spool.put(result(number))
    assert numbers(spool) == [5, 3, 4]


def test_only_the_owner_may_read(spool):
    path = spool.put(result())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(spool.folder.stat().st_mode) == 0o700


def test_a_spool_that_does_not_exist_is_empty(spool):
    assert list(spool.waiting()) == list(spool.refused()) == []
    assert list(spool.bad()) == []


@pytest.mark.parametrize("content", [
    b"", b'{"url": "http://service", "stu', b"\xff\x00", b"[]", b"{}",
    b'{"url": 1, "study_id": "s", "number": 0, "told": {}, "token_id": "",'
    b' "written": ""}',
])
def test_what_is_no_result_is_set_aside_and_never_deleted(
    spool, caplog, content
):
    good = spool.put(result(7))
    broken = spool.folder / "00000000000000000001-x.json"
    broken.write_bytes(content)
    assert [path for path, _ in spool.waiting()] == [good]
    aside, = spool.bad()
    assert aside.read_bytes() == content
    assert str(broken) in caplog.text and aside.name in caplog.text


def test_what_a_dead_process_left_half_written_is_set_aside(spool):
    spool.put(result())
    fresh = spool.folder / "1-x.part"
    stale = spool.folder / "2-x.part"
    for part in (fresh, stale):
        part.write_bytes(b'{"url"')
    os.utime(stale, (0, 0))
    spool.sweep()
    assert fresh.exists()
    assert [path.name for path in spool.bad()] == ["2-x.part.bad"]


def test_a_refused_result_lies_beside_the_reason_and_may_wait_again(spool):
    problem = {"status": 409, "code": "conflict", "detail": "told already"}
    kept = spool.refuse(spool.put(result(3)), problem)
    assert numbers(spool) == []
    assert list(spool.refused()) == [(kept, result(3), problem)]
    spool.retry(kept)
    assert numbers(spool) == [3]
    assert os.listdir(spool.refused_folder) == []


def test_two_may_have_the_same_refusal(spool):
    path = spool.put(result())
    first = spool.refuse(path, {"status": 409})
    assert spool.refuse(path, {"status": 409}) == first
    assert len(list(spool.refused())) == 1


def test_two_may_remove_the_same_result(spool):
    path = spool.put(result())
    spool.remove(path)
    spool.remove(path)
    assert numbers(spool) == []


# ---- limits -----------------------------------------------------------------


def test_a_full_spool_keeps_what_it_has_and_says_its_limit(
    spool, monkeypatch
):
    monkeypatch.setattr(spools, "MOST_FILES", 3)
    spool.put(result(0))
    spool.refuse(spool.put(result(1)), {"status": 409})  # that is two files
    with pytest.raises(OSError, match="at most 3 files") as caught:
        spool.put(result(2))
    assert caught.value.errno == errno.ENOSPC
    assert numbers(spool) == [0] and len(list(spool.refused())) == 1


def test_bytes_are_limited_too(spool, monkeypatch):
    size = spool.put(result(0)).stat().st_size
    monkeypatch.setattr(spools, "MOST_BYTES", 2 * size)
    spool.put(result(1))
    with pytest.raises(OSError, match=f"{2 * size} bytes"):
        spool.put(result(2))
    assert numbers(spool) == [0, 1]


# ---- disks that fail --------------------------------------------------------


class Disk:
    """Fails the n-th call of the functions that write."""

    def __init__(self, monkeypatch, nth, code):
        self.left, self.code = nth, code
        for name in ("open", "fsync", "replace"):
            self._wrap(monkeypatch, name)

    def _wrap(self, monkeypatch, name):
        real = getattr(os, name)

        def wrapped(*arguments, **options):
            self.left -= 1
            if self.left == 0:
                raise OSError(self.code, os.strerror(self.code))
            return real(*arguments, **options)

        monkeypatch.setattr(spools.os, name, wrapped)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EIO])
def test_a_put_that_fails_leaves_all_or_nothing(spool, code):
    outcomes = set()
    for nth in range(1, 20):
        with pytest.MonkeyPatch.context() as patched:
            disk = Disk(patched, nth, code)
            try:
                spool.put(result(nth))
                good = True
            except OSError as error:
                assert error.errno == code
                good = False
        assert [p for p in os.listdir(spool.folder) if "part" in p] == []
        # Only a folder that could not be flushed says no and keeps the file.
        assert not good or nth in numbers(spool)
        outcomes.add(good)
        if disk.left > 0:
            break
    assert outcomes == {False, True}
    assert list(spool.bad()) == []


def test_a_file_system_that_cannot_flush_folders_will_do(spool, monkeypatch):
    real = os.fsync

    def fsync(descriptor):
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "Invalid argument")
        real(descriptor)

    monkeypatch.setattr(spools.os, "fsync", fsync)
    spool.put(result(1))
    assert numbers(spool) == [1]


# ---- claims -----------------------------------------------------------------


@pytest.fixture
def folder(spool):
    spool.put(result())
    return spool.folder


def test_one_process_delivers_at_a_time(spool, folder):
    first = spool.claim("here")
    assert spool.claim("here") is None
    elsewhere = spool.claim("elsewhere")
    first.release()
    elsewhere.release()
    assert sorted(os.listdir(folder)) == [p.name for p, _ in spool.waiting()]
    spool.claim("here").release()


def test_the_claim_of_a_dead_process_is_taken_over(spool, folder):
    dead = spool.claim("here")
    path, = folder.glob(".deliver-*")
    os.utime(path, (0, 0))
    taken = spool.claim("here")
    assert taken is not None
    dead.release()  # it was not dead, only slow: not its claim any more
    assert spool.claim("here") is None
    taken.release()
    assert list(folder.glob(".deliver-*")) == []


def test_a_claim_that_is_renewed_is_not_taken_over(spool, folder):
    claim = spool.claim("here")
    path, = folder.glob(".deliver-*")
    os.utime(path, (0, 0))
    claim.renew()
    assert spool.claim("here") is None


def test_of_many_that_claim_at_once_one_gets_it(spool, folder):
    barrier, got = threading.Barrier(8), []

    def claim():
        barrier.wait()
        got.append(spool.claim("here"))

    threads = [threading.Thread(target=claim) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([one for one in got if one]) == 1


# ---- where it is ------------------------------------------------------------


def test_the_folder_is_that_of_the_environment(monkeypatch):
    monkeypatch.setenv("CUMAE_SPOOL", "~/mine")
    assert default_folder() == Path.home() / "mine"
    monkeypatch.setenv("CUMAE_SPOOL", "off")
    assert default_folder() is None and open_spool() is None


def test_the_default_folder_is_that_of_the_users_state(monkeypatch):
    monkeypatch.delenv("CUMAE_SPOOL")
    monkeypatch.setenv("XDG_STATE_HOME", "/state")
    assert default_folder() == Path("/state/cumae/spool")
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", "/home/anna")
    assert default_folder() == Path("/home/anna/.local/state/cumae/spool")


def test_an_argument_wins_over_the_environment(tmp_path):
    assert open_spool(tmp_path).folder == tmp_path
    assert open_spool(False) is None
    assert open_spool(True).folder == default_folder()
