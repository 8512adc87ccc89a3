# SPDX-License-Identifier: GPL-3.0-or-later
"""fuzz_http.py - requests made from the OpenAPI document, and their answers

    CUMAE_BUILD=build/release fuzz_http.py SECONDS

schemathesis makes requests that obey the document and such that do not, one by
one and in chains along its links, and judges each answer by it. Run as a
program, half of the time goes to each database, with a seed of its own.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import harness

HERE = Path(__file__).resolve().parent
DOCUMENT = harness.ROOT / "web" / "openapi.json"


def run(service, *arguments, document=DOCUMENT, patience_s=600):
    """Run schemathesis on a service; return (status, what it printed).

    arguments  further ones of `schemathesis run`
    """
    config = ["--config-file", HERE / "fuzz_http.toml"]
    command = [Path(sys.executable).parent / "schemathesis", *config, "run"]
    command += [document, "--url", service.url, "--no-color", *arguments]
    environment = {
        **os.environ,
        "CUMAE_FUZZ_URL": service.url,
        "CUMAE_FUZZ_TOKEN": service.token,
        "PYTHONPATH": str(HERE),
    }
    done = subprocess.run(
        command, env=environment, cwd=service.directory, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=patience_s,
    )
    return done.returncode, done.stdout


def fuzz(database, directory, seconds, seed):
    """Run for some seconds on a fresh database; return the status."""
    service = harness.Service(database, directory).start()
    try:
        status, text = run(
            service, "--max-time", str(seconds), "--seed", str(seed),
            patience_s=seconds + 600,
        )
    finally:
        service.close()
    print(text)
    return status


def main():
    """Fuzz both databases and exit with 1 when something was found."""
    seconds = max(1, int(sys.argv[1]) // 2)
    seed = int.from_bytes(os.urandom(4), "big")
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        failed = fuzz(f"sqlite:{directory / 'c.db'}", directory, seconds, seed)
        cluster = harness.start_cluster(directory / "postgres")
        try:
            failed |= fuzz(cluster.create(), directory, seconds, seed)
        finally:
            harness.stop_cluster(directory / "postgres")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
