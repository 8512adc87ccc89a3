# SPDX-License-Identifier: GPL-3.0-or-later
"""environment.py - a Python environment per family of peers

build/bench-venv/NAME has what requirements/NAME.txt lists. It is made when it
is missing and again when the list has changed.
"""

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOM = HERE.parents[1] / "build" / "bench-venv"
# Two studies at once must not fight for the cores, nor one with itself.
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}


def one_thread() -> None:
    """Let libraries that are loaded from now on start no threads."""
    os.environ.update(ONE_THREAD)


def python(name: str) -> Path:
    """Return the Python of an environment, made when it is missing."""
    home = ROOM / name
    wanted = (HERE / "requirements" / f"{name}.txt").read_text()
    stamp = home / ".done"
    if not stamp.exists() or stamp.read_text() != wanted:
        print(f"installing {name} ...", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", home], check=True)
        subprocess.run(
            [home / "bin" / "pip", "install", "-q"]
            + ["--disable-pip-version-check"]
            + ["-r", HERE / "requirements" / f"{name}.txt"],
            check=True,
        )
        stamp.write_text(wanted)
    return home / "bin" / "python"


def inside(name: str) -> bool:
    """Does this process run in an environment?"""
    return Path(sys.prefix).resolve() == (ROOM / name).resolve()


def run(name: str, variables: dict) -> None:
    """Run this program once more, in an environment.

    CalledProcessError when that cannot be made, or the program fails there.
    """
    subprocess.run(
        [python(name), "-W", "ignore", *sys.argv],
        env={**os.environ, **ONE_THREAD, **variables},
        check=True,
    )
