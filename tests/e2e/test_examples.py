# SPDX-License-Identifier: GPL-3.0-or-later
"""test_examples.py - what client/examples promises works"""

import os
import re
import subprocess
import sys

import harness

EXAMPLES = harness.ROOT / "client" / "examples"


def run(service, *command, **environment):
    """Run a command with the address and the token of a service."""
    ours = {"CUMAE_URL": service.url, "CUMAE_TOKEN": service.token}
    ended = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        timeout=120, env={**os.environ, **ours, **environment},
    )
    assert ended.returncode == 0, ended.stdout
    return ended.stdout


def test_a_trial_with_nothing_but_curl(service):
    said = run(service, EXAMPLES / "curl.sh")
    study = service.api("GET", "/studies?q=from").json["studies"][0]
    assert study["trials"]["complete"] == 1
    x = float(re.search(r'"x": *([-0-9.e+]+)', said)[1])
    # awk prints six digits.
    assert abs(study["best"]["value"] - (x - 0.3) ** 2) < 1e-5


def test_curl_ends_badly_when_the_service_refuses(service):
    ended = subprocess.run(
        [EXAMPLES / "curl.sh"], capture_output=True, timeout=120,
        env={**os.environ, "CUMAE_URL": service.url, "CUMAE_TOKEN": "cum_x"},
    )
    assert ended.returncode != 0


def test_a_task_of_a_slurm_array_works_until_the_study_ends(
    service, tmp_path
):
    script = tmp_path / "worker.py"
    script.write_text(
        "import cumae, sys\n"
        "study = cumae.Study(sys.argv[1], {'x': cumae.Float(0, 1)},\n"
        "                    budget={'max_trials': 3})\n"
        "study.optimize(lambda trial: trial['x'])\n"
    )
    bin_path = os.path.dirname(sys.executable)
    run(
        service, "bash", EXAMPLES / "slurm.sbatch",
        CUMAE_SCRIPT=str(script), SLURM_JOB_ID="4711",
        PATH=f"{bin_path}:{os.environ['PATH']}",
    )
    study = service.api("GET", "/studies?q=breast").json["studies"][0]
    assert study["trials"]["complete"] == 3
    path = f"/studies/{study['id']}/trials/0"
    assert service.api("GET", path).json["worker"]["job"] == "4711"
