# SPDX-License-Identifier: MIT
"""spool.py - results on disk that the service has not acknowledged yet

A result is hours of work. It is written here before it is sent and removed when
the service has answered, so that neither a lost network nor SIGKILL costs more
than the time until the next client looks into the folder. That may be another
process on another node: the folder may lie on NFS.

    ID.json          a result that waits; IDs sort by time
    ID.json.bad      what is no result, set aside
    ID-*.part        a result while it is written
    refused/ID.json  a result that the service refused
    refused/ID.problem.json  and why
    .deliver-*       who delivers to a service now, see claim()

A file appears by rename, complete or not at all. No token is inside, only a
piece of its hash: a refusal of another token need not be the last word.

Reports are not kept: one asks for advice on the run that made it, and the next
one replaces it. Nothing is lost with a report that comes too late to matter.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import time
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Dict, Iterator, Optional, Tuple, Union

from .plain import encode

log = logging.getLogger("cumae")

MOST_FILES = 100_000
MOST_BYTES = 1 << 30
CLAIM_S = 120.0  # a claim that was not renewed for so long is nobody's
PART_S = 3600.0  # nobody takes so long to write one result
# What a file system answers that cannot flush folders.
NO_FOLDER_SYNC = (errno.EINVAL, errno.EACCES, errno.EPERM, errno.ENOTSUP)


@dataclass(frozen=True)
class Result:
    """What is to be told about one trial.

    url       the service
    told      the body of POST /studies/{study_id}/trials/{number}/tell
    token_id  tells tokens apart without saying what they are
    """

    url: str
    study_id: str
    number: int
    told: Dict[str, Any]
    token_id: str
    written: str


def stamp() -> str:
    """Return the time, as RFC 3339 in UTC."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def default_folder() -> Optional[Path]:
    """Return the folder that the environment asks for; None for no spool.

    CUMAE_SPOOL, which may be `off`; else $XDG_STATE_HOME/cumae/spool, by
    default in ~/.local/state.
    """
    asked = os.environ.get("CUMAE_SPOOL")
    if asked:
        return None if asked == "off" else Path(asked).expanduser()
    state = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    return Path(state).expanduser() / "cumae" / "spool"


def open_spool(
    asked: Union[None, bool, str, "os.PathLike[str]"] = None,
) -> Optional["Spool"]:
    """Return the spool that a client was asked to use, or None.

    asked  a folder, False for none, None or True for the default one
    """
    if asked is False:
        return None
    if asked is None or asked is True:
        folder = default_folder()
        return None if folder is None else Spool(folder)
    return Spool(Path(asked))


class Spool:
    """The results in one folder, which need not exist yet.

    Any number of processes may use it at once. What the disk refuses is an
    OSError of the call.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.refused_folder = folder / "refused"

    def put(self, result: Result) -> Path:
        """Write a result; when this returns, a crash cannot take it away.

        Raises OSError: for a full disk, or when the spool holds MOST_FILES or
        MOST_BYTES. What lies there stays.
        """
        content = encode(asdict(result))
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._check_room(len(content))
        name = f"{time.time_ns():020d}-{uuid.uuid4().hex[:12]}"
        return self._write(self.folder / f"{name}.json", content)

    def waiting(self) -> Iterator[Tuple[Path, Result]]:
        """Yield the results that wait, the oldest first.

        What is no result is set aside on the way.
        """
        for path in sorted(self._names(self.folder, ".json")):
            result = self._read(path)
            if result is not None:
                yield path, result

    def refused(self) -> Iterator[Tuple[Path, Result, Dict[str, Any]]]:
        """Yield what the service refused, the oldest first, and why."""
        for path in sorted(self._names(self.refused_folder, ".json")):
            if path.name.endswith(".problem.json"):
                continue
            result = self._read(path)
            if result is not None:
                yield path, result, _problem_beside(path)

    def bad(self) -> Iterator[Path]:
        """Yield the files that were set aside."""
        yield from sorted(self._names(self.folder, ".bad"))
        yield from sorted(self._names(self.refused_folder, ".bad"))

    def remove(self, path: Path) -> None:
        """Remove a result that arrived, unless somebody else did so before."""
        _unlink(path)

    def drop(self, path: Path) -> None:
        """Remove any of the files for good, with the problem beside it."""
        os.unlink(path)
        _unlink(_problem_path(path))

    def refuse(self, path: Path, problem: Dict[str, Any]) -> Path:
        """Move a result to those that were refused; return where it is now."""
        self.refused_folder.mkdir(mode=0o700, exist_ok=True)
        kept = self.refused_folder / path.name
        self._write(_problem_path(kept), encode(problem))
        try:
            os.replace(path, kept)
        except FileNotFoundError:
            pass  # another process had the same answer
        return kept

    def retry(self, path: Path) -> Path:
        """Let a refused result wait again; return where it is now."""
        waiting = self.folder / path.name
        os.replace(path, waiting)
        _unlink(_problem_path(path))
        return waiting

    def claim(self, purpose: str) -> Optional["Claim"]:
        """Return the right to deliver, or None while another process has it.

        The right saves double work; it protects nothing, for telling twice is
        harmless. It ends with release(), or CLAIM_S after the last renew().
        """
        return Claim.take(self.folder, purpose)

    def sweep(self) -> None:
        """Set aside what processes left that died while they wrote."""
        for folder in (self.folder, self.refused_folder):
            for path in self._names(folder, ".part"):
                try:
                    age_s = time.time() - path.stat().st_mtime
                except FileNotFoundError:
                    continue
                if age_s > PART_S:
                    self._set_aside(path, "was never finished")

    def _read(self, path: Path) -> Optional[Result]:
        try:
            document = json.loads(path.read_bytes())
            return _result_of(document)
        except FileNotFoundError:
            return None  # delivered by another process
        except (ValueError, TypeError, KeyError) as error:
            self._set_aside(path, f"is no result: {error}")
            return None

    def _set_aside(self, path: Path, why: str) -> None:
        aside = path.with_name(path.name + ".bad")
        try:
            os.replace(path, aside)
        except FileNotFoundError:
            return
        log.warning("spool: %s %s; it is %s now", path, why, aside.name)

    def _check_room(self, more_bytes: int) -> None:
        files, size = 1, more_bytes
        for folder in (self.folder, self.refused_folder):
            for path in self._names(folder, ""):
                try:
                    size += path.stat().st_size
                except FileNotFoundError:
                    continue
                files += 1
        if files > MOST_FILES or size > MOST_BYTES:
            raise OSError(
                errno.ENOSPC,
                f"at most {MOST_FILES} files and {MOST_BYTES} bytes may lie in"
                f" the spool, not {files} and {size}",
            )

    def _write(self, path: Path, content: bytes) -> Path:
        part = path.with_name(f"{path.stem}-{uuid.uuid4().hex[:8]}.part")
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        descriptor = os.open(part, flags, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(part, path)
        except BaseException:
            _unlink(part)
            raise
        _sync_folder(path.parent)
        return path

    @staticmethod
    def _names(folder: Path, suffix: str) -> Iterator[Path]:
        try:
            entries = os.listdir(folder)
        except FileNotFoundError:
            return
        for name in entries:
            if name.endswith(suffix) and not name.startswith("."):
                yield folder / name


class Claim:
    """A file that says that this process delivers; see Spool.claim()."""

    def __init__(self, path: Path, mark: str) -> None:
        self._path = path
        self._mark = mark

    @classmethod
    def take(cls, folder: Path, purpose: str) -> Optional["Claim"]:
        """Return a claim; None while another process has a fresh one."""
        path = folder / f".deliver-{purpose}"
        mark = uuid.uuid4().hex
        # Its own time stamp and that of the other claim come from one clock,
        # that of the file server.
        mine = folder / f".deliver-{purpose}-{mark}"
        mine.write_text(mark)
        try:
            now = mine.stat().st_mtime
            try:
                descriptor = os.open(path, os.O_CREAT | os.O_EXCL, 0o600)
                os.close(descriptor)
            except FileExistsError:
                if now - path.stat().st_mtime < CLAIM_S:
                    return None
            os.replace(mine, path)
        except FileNotFoundError:
            return None  # released this instant: the next one gets it
        finally:
            _unlink(mine)
        return cls(path, mark)

    def renew(self) -> None:
        """Say that the process still delivers."""
        try:
            os.utime(self._path)
        except FileNotFoundError:
            pass

    def release(self) -> None:
        """Give the right back, unless it was taken away."""
        try:
            if self._path.read_text() == self._mark:
                _unlink(self._path)
        except FileNotFoundError:
            pass


def _result_of(document: Any) -> Result:
    """Return the result of a file's JSON; TypeError or ValueError otherwise."""
    result = Result(**document)
    strings = (result.url, result.study_id, result.token_id, result.written)
    if not all(isinstance(each, str) for each in strings):
        raise ValueError("a text is missing")
    if not isinstance(result.number, int) or not isinstance(result.told, dict):
        raise ValueError("number or told is missing")
    return result


def _problem_path(path: Path) -> Path:
    return path.with_suffix(".problem.json")


def _problem_beside(path: Path) -> Dict[str, Any]:
    try:
        problem = json.loads(_problem_path(path).read_bytes())
    except (OSError, ValueError):
        return {}
    return problem if isinstance(problem, dict) else {}


def _unlink(path: Path) -> None:
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass


def _sync_folder(folder: Path) -> None:
    """Flush the names of a folder, where the file system can."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError as error:
        if error.errno in NO_FOLDER_SYNC:
            return
        raise
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in NO_FOLDER_SYNC:
            raise
    finally:
        os.close(descriptor)
