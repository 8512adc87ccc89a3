# SPDX-License-Identifier: MIT
"""walltime.py - how long the batch system lets this job run

    Slurm     SLURM_JOB_END_TIME (seconds since 1970, since 22.05), else what
              `scontrol show job` says about SLURM_JOB_ID
    HTCondor  the job's ad, $_CONDOR_JOB_AD: AllowedJobDuration,
              AllowedExecuteDuration or MaxRuntime (of many sites), in seconds
              from JobCurrentStartDate
    PBS       PBS_WALLTIME, in seconds or as [[D:]H:]M:S, from the start of the
              session

A limit that is extended while the job runs is not noticed.
"""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
import time
from typing import Dict, Optional

SCONTROL_S = 10.0
CONDOR_LIMITS = ("AllowedJobDuration", "AllowedExecuteDuration", "MaxRuntime")


def walltime_left() -> Optional[float]:
    """Return how many seconds the batch job may still run, at least 0; None
    outside of a batch job, or where it does not say."""
    end = _slurm_end()
    if end is None:
        end = _condor_end()
    if end is None:
        end = _pbs_end()
    return None if end is None else max(0.0, end - time.time())


def _slurm_end() -> Optional[float]:
    end = _number(os.environ.get("SLURM_JOB_END_TIME"))
    job = os.environ.get("SLURM_JOB_ID")
    return _scontrol_end(job) if end is None and job else end


@functools.lru_cache(maxsize=1)
def _scontrol_end(job: str) -> Optional[float]:
    """Ask the controller, once: it serves the whole cluster."""
    if shutil.which("scontrol") is None:
        return None
    try:
        said = subprocess.run(
            ["scontrol", "--oneliner", "show", "job", job],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, timeout=SCONTROL_S, check=True,
        ).stdout.decode("utf-8", "replace")
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.search(r"\bEndTime=(\d+-\d+-\d+T\d+:\d+:\d+)", said)
    if found is None:
        return None  # Unknown, or the job has no limit
    return time.mktime(time.strptime(found[1], "%Y-%m-%dT%H:%M:%S"))


def _condor_end() -> Optional[float]:
    path = os.environ.get("_CONDOR_JOB_AD")
    if not path:
        return None
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            ad = _numbers_of_ad(file.read())
        written = os.stat(path).st_mtime
    except OSError:
        return None
    limits = [ad[name] for name in CONDOR_LIMITS if name in ad]
    # The ad is written when the job starts. Its other dates may be those of an
    # earlier start.
    start = ad.get("JobCurrentStartDate", written)
    return start + min(limits) if limits else None


def _numbers_of_ad(text: str) -> Dict[str, float]:
    """Return the attributes of a ClassAd that are plain numbers."""
    lines = re.findall(r"^(\w+)\s*=\s*(\d+(?:\.\d+)?)\s*$", text, re.M)
    return {name: float(value) for name, value in lines}


def _pbs_end() -> Optional[float]:
    limit = os.environ.get("PBS_WALLTIME")
    seconds = _seconds(limit) if limit else None
    start = _session_start()
    return None if seconds is None or start is None else start + seconds


def _seconds(text: str) -> Optional[float]:
    """Return the seconds of `3600` or `[[D:]H:]M:S`."""
    parts = [_number(part) for part in text.split(":")]
    if len(parts) > 4 or None in parts:
        return None
    units = (86400.0, 3600.0, 60.0, 1.0)[-len(parts):]
    return sum(unit * (part or 0.0) for unit, part in zip(units, parts))


def _session_start() -> Optional[float]:
    """Return when the session leader started, which is the job's script, in
    seconds since 1970; None where /proc does not say. See proc(5)."""
    try:
        with open(f"/proc/{os.getsid(0)}/stat", encoding="ascii") as file:
            # The name may hold blanks: the 22nd field is the 20th after it.
            ticks = float(file.read().rpartition(")")[2].split()[19])
        with open("/proc/stat", encoding="ascii") as file:
            boot = re.search(r"^btime (\d+)$", file.read(), re.M)
    except (OSError, ValueError, IndexError):
        return None
    if boot is None:
        return None
    return float(boot[1]) + ticks / os.sysconf("SC_CLK_TCK")


def _number(text: Optional[str]) -> Optional[float]:
    return float(text) if text and re.fullmatch(r"\d+", text) else None
