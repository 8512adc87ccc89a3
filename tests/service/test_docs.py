# SPDX-License-Identifier: GPL-3.0-or-later
"""test_docs.py - what the documents say is so

Their examples run, and what they name exists: files, make targets, settings,
tests, limits. Code marked `<!-- run -->` is run as it stands.
"""

import http.server
import json
import os
import queue
import re
import subprocess
import threading
from pathlib import Path

import harness
import stored_people
import pytest
from calls import Calls

ROOT = harness.ROOT
NAMES = [
    "README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md",
    "SECURITY.md",
]
ROOMS = ["optimizers", "service", "sql", "web", "client"]
# Folders with text, not those that a build or an interpreter makes.
LITTER = re.compile(r"(^|/)(__pycache__|[^/]+\.egg-info|\.[^/]+|secrets)(/|$)")
SUFFIXES = r"c|h|def|sh|sql|py|js|json|css|html|md|conf|service|sbatch"


def documents():
    """Return all documents: those at the top, and the READMEs of the rooms."""
    return NAMES + [name for name in files(*ROOMS) if name.endswith(".md")]


def files(*rooms):
    """Return the paths of the files in the rooms, as `room/.../name`."""
    found = []
    for room in rooms:
        for path in sorted((ROOT / room).rglob("*")):
            name = path.relative_to(ROOT).as_posix()
            if path.is_file() and not LITTER.search(name):
                found.append(name)
    return found


def text(name):
    return (ROOT / name).read_text()


def blocks(name, language, marked=False):
    """Return the code blocks in a language; those marked to run, or all."""
    mark = r"<!-- run -->\n" if marked else ""
    return re.findall(rf"^{mark}```{language}\n(.*?)^```$", text(name), re.S | re.M)


def spans(name):
    """Return what stands in backticks on one line, outside of code blocks."""
    prose = re.sub(r"^```.*?^```$", "", text(name), flags=re.S | re.M)
    return re.findall(r"`([^`\n]+)`", prose)


def prose_and_shell(name):
    """Return the pieces of a document that may hold commands."""
    return spans(name) + blocks(name, "sh")


def is_pattern(name):
    """Return whether a name stands for many: sampler_NAME.c, NNN_name.sql."""
    return re.search(r"[A-Z]{3,}(?!\w*\.md)", name) is not None


# ---- examples run -----------------------------------------------------------


@pytest.fixture
def place(instances, sqlite_database, monkeypatch):
    """A service, with its address and token in the environment."""
    service = instances(sqlite_database)
    monkeypatch.setenv("CUMAE_URL", service.url)
    monkeypatch.setenv("CUMAE_TOKEN", service.token)
    return service


def run_shell(script):
    ended = subprocess.run(
        ["sh", "-euc", script], capture_output=True, text=True, timeout=60,
        cwd=ROOT,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_the_curl_example_of_the_readme_runs_and_runs_again(place):
    script = blocks("README.md", "sh", marked=True)[0]
    assert '"values":[0.25]' in run_shell(script)
    assert '"values":[0.25]' in run_shell(script)
    study, = place.api("GET", "/studies").json["studies"]
    assert study["trials"]["complete"] == 1


def test_the_example_of_several_objectives_runs_and_runs_again(place):
    script = blocks("README.md", "sh", marked=True)[1]
    for _ in range(2):
        assert '"total":1,' in run_shell(script)
    study, = place.api("GET", "/studies").json["studies"]
    assert study["trials"]["complete"] == 1 and study["best"] is None


def test_the_example_of_following_a_study_runs(place):
    scripts = blocks("README.md", "sh", marked=True)
    script, = [each for each in scripts if "wait_s" in each]
    said = run_shell(script)
    assert '"event":"study_created"' in said
    assert "\nevent: study_created\ndata: {" in said


def test_the_token_example_of_the_readme_runs(place):
    script = blocks("README.md", "sh", marked=True)[0]
    first_line = script.splitlines()[0] + "\n"
    create, rotate = [
        b for b in blocks("README.md", "sh") if "$api/tokens" in b]
    made = json.loads(run_shell(first_line + create))
    assert made["token"].startswith("cum_")
    assert "/7/" in rotate
    rotated = rotate.replace("/7/", f"/{made['id']}/")
    rotated = json.loads(run_shell(first_line + rotated))
    assert rotated["rotated_from"] == made["id"]


def test_the_shell_example_of_the_readme_runs(place, monkeypatch):
    example, = [
        b for b in blocks("README.md", "sh") if "cumaed token create" in b]
    folder = harness.binary().parent
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    monkeypatch.setenv("CUMAE_DATABASE", place.database)
    # The first user's token and sign-in link are 1 and 2, the invitation is 3.
    said = run_shell(re.sub(r"\b7\b", "4", example))
    assert "#code=cuml_" in said
    assert len(re.findall(r"cum_[0-9A-Za-z]{36}\n", said)) == 2
    listed = run_shell("cumaed token list --user ada --json")
    assert [t["id"] for t in json.loads(listed)["tokens"]] == [5, 4]


def test_the_python_example_of_the_readme_runs(place, monkeypatch, capsys):
    model_selection = pytest.importorskip("sklearn.model_selection")
    numpy = pytest.importorskip("numpy")

    def cheap(model, X, y, scoring):
        return numpy.array([model.get_params()["learning_rate"]] * 5)

    monkeypatch.setattr(model_selection, "cross_val_score", cheap)
    code, = [b for b in blocks("README.md", "python", marked=True) if "Study(" in b]
    exec(compile(code, "README.md", "exec"), {"__name__": "__main__"})
    assert "TrialRecord(" in capsys.readouterr().out
    study, = place.api("GET", "/studies").json["studies"]
    assert study["state"] == "finished"
    assert study["trials"]["complete"] == 60


def test_the_example_of_a_grid_runs_and_the_rest_is_missing(place):
    script, = [
        b for b in blocks("README.md", "sh", marked=True) if "/grid" in b]
    said = run_shell(script)
    assert '"point_id":"C1N2_150_25","meta":{"xsec_pb":5.2},"replica":1' in said
    assert '"complete":1,"running":0,"queued":1' in said
    assert '"items":[{"point_id":"C1N2_200_25"' in said


def test_the_sharing_example_of_the_readme_runs(place):
    script, = [
        b for b in blocks("README.md", "sh", marked=True) if "/members" in b]
    stored_people.add_users(place, ["anna"])
    said = run_shell(script)
    assert '{"user":"anna","group":null,"role":"worker"}' in said
    assert '"visibility":"public"' in said and "/#share=cum_" in said


def test_the_campaign_example_of_the_readme_runs(place):
    script, = [
        b for b in blocks("README.md", "sh", marked=True) if "/campaigns" in b]
    said = run_shell(script)
    assert '"segment":"300 GeV"' in said and '"segment":"500 GeV"' in said
    assert '"axis":"m [GeV]"' in said and "segment,x,number,state" in said


def test_the_webhook_example_of_the_readme_runs(place):
    script, = [
        b for b in blocks("README.md", "sh", marked=True) if "/webhooks" in b]
    assert '"secret":"whsec_' in run_shell(script)


def test_the_receiver_of_the_readme_takes_what_is_signed(
    instances, sqlite_database, monkeypatch, capsys
):
    code, = [
        b for b in blocks("README.md", "python", marked=True) if "Hook(" in b]
    made = queue.Queue()

    class Server(http.server.HTTPServer):
        def __init__(self, address, handler):
            super().__init__((address[0], 0), handler)
            made.put(self)

    monkeypatch.setattr(http.server, "HTTPServer", Server)
    program = threading.Thread(
        target=exec, args=(compile(code, "README.md", "exec"), {}))
    program.start()
    receiver = made.get(timeout=60)
    service = instances(sqlite_database, arguments=[
        "--webhook_http", "1", "--webhook_private", "1"])
    calls = Calls(service)
    study = calls.create()
    hook = calls.ok("POST", f"/studies/{study['id']}/webhooks", {
        "url": f"http://127.0.0.1:{receiver.server_port}/"}, 201)
    monkeypatch.setenv("HOOK_SECRET", hook["secret"])
    calls.ask(study)
    said = []

    def has_come():
        said.append(capsys.readouterr().out)
        return "trial_started 0 running" in "".join(said)

    harness.wait_until(has_come, "the event")
    receiver.shutdown()
    receiver.server_close()
    program.join(60)


# ---- what is named exists ---------------------------------------------------


@pytest.mark.parametrize("name", documents())
def test_links_lead_somewhere(name):
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text(name)):
        path, _, anchor = target.partition("#")
        if re.match(r"[a-z]+:", path):
            continue
        found = (ROOT / name).parent / path if path else ROOT / name
        if not found.exists() or (anchor and anchor not in anchors(found)):
            broken.append(target)
    assert broken == []


def anchors(path):
    """Return the anchors of the headings in a document."""
    heads = re.findall(r"^#+ (.+)$", path.read_text(), re.M)
    return [re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads]


@pytest.mark.parametrize("name", documents())
def test_files_that_are_named_exist(name):
    known = files(*ROOMS, "tests")
    bases = {path.rsplit("/", 1)[-1] for path in known}
    here = (ROOT / name).parent
    missing = []
    for span in spans(name):
        odd = is_pattern(span) or LITTER.search(span)
        if odd or not re.fullmatch(r"[\w.*/-]+", span):
            continue
        if "/" in span and span.split("/")[0] in [*ROOMS, "tests"]:
            if not list(ROOT.glob(span.rstrip("/"))):
                missing.append(span)
        elif re.fullmatch(rf"[\w-]+\.({SUFFIXES})", span):
            if span not in bases and not (here / span).exists():
                missing.append(span)
    assert missing == []


@pytest.mark.parametrize("name", NAMES)
def test_make_targets_that_are_named_exist(name):
    makefile = text("Makefile")
    targets = set(re.findall(r"^([a-z%-]+):", makefile, re.M))
    benchmarks = {p.stem[len("bench_"):] for p in ROOT.glob("tests/bench/bench_*.py")}
    named = set()
    for piece in prose_and_shell(name):
        for line in re.findall(r"^make((?: +[\w=-]+)*)", piece, re.M):
            words = [w for w in line.split() if w[0] != "-" and "=" not in w]
            named.update(words)
    known = targets | {f"bench-{benchmark}" for benchmark in benchmarks}
    assert named - known == set()


@pytest.fixture(scope="module")
def settings():
    """The flags that cumaed --help lists."""
    said = subprocess.run(
        [harness.binary(), "--help"], capture_output=True, text=True, check=True
    ).stdout
    return set(re.findall(r"--([a-z_]+)", said))


@pytest.mark.parametrize("name", documents())
def test_flags_that_are_named_exist(name, settings):
    flags = {
        m[1] for span in spans(name)
        if (m := re.match(r"(?:cumaed )?--([a-z][a-z_-]+)", span))
    }
    assert {flag.replace("-", "_") for flag in flags} - settings == set()


@pytest.mark.parametrize("name", documents())
def test_variables_that_are_named_mean_something(name, settings):
    sources = files("client") + files("tests") + ["Makefile"]
    read = " ".join(
        text(path) for path in sources
        if re.search(r"\.(py|c|h|sh|sbatch)$|Makefile$", path)
        and not path.endswith(Path(__file__).name)
    )
    compose = ROOT / "docker-compose.yml"
    read += compose.read_text() if compose.exists() else ""
    unknown = {
        variable for variable in re.findall(r"\bCUMAE_[A-Z_]+\b", text(name))
        if variable[len("CUMAE_"):].lower() not in settings | {"name"}
        and not re.search(rf"\b{variable}\b", read)
    }
    # Names of the C library's error codes look alike.
    header = text("client/c/cumae.h")
    assert {v for v in unknown if v not in header} == set()


def test_tests_that_are_named_exist():
    sources = [p for p in files("tests", "client") if re.search(r"\.(py|c)$", p)]
    defined = set()
    for path in sources:
        found = re.findall(r"(?:def |START_TEST\()(test_\w+)", text(path))
        defined.update(found)
    named = {s for name in NAMES for s in spans(name) if re.fullmatch(r"test_\w+", s)}
    assert len(named) > 20
    assert named - defined - {"test_"} == set()


def test_the_threat_model_names_a_test_for_each_protection():
    """What the rows name exists, as everything that documents name."""
    section = text("SECURITY.md").split("\n## What protects what\n")[1]
    section = section.split("\n## ")[0]
    rows = [
        line.split(" | ") for line in section.splitlines()
        if line.startswith("| ") and not line.startswith("| threat")
    ]
    assert len(rows) > 30
    for row in rows:
        assert len(row) == 4, row
        assert re.search(r"`[\w/.-]+`", row[2]), row
        assert re.search(r"`(test_\w+|make \w+)`", row[3]), row


# ---- the map ----------------------------------------------------------------


def mapped():
    """Return the paths that ARCHITECTURE.md's map names."""
    section = text("ARCHITECTURE.md").split("\n## The map\n")[1].split("\n## ")[0]
    found, folder = [], ""
    for block in re.findall(r"^```\n(.*?)^```$", section, re.S | re.M):
        for line in block.splitlines():
            if re.fullmatch(r"[\w/]+/", line):
                folder = line
            elif line:
                name, phrase = re.fullmatch(r"  (\S+) +(\S.*)", line).groups()
                stem = name.removesuffix(".[ch]")
                names = [name] if stem == name else [stem + ".c", stem + ".h"]
                found += [folder + each for each in names]
    return found


def test_the_map_names_every_file_and_nothing_else():
    names = mapped()
    assert len(names) == len(set(names))
    assert set(files(*ROOMS)) - set(names) == set(), "not on the map"
    assert set(names) - set(files(*ROOMS)) == set(), "only on the map"


# ---- the limits -------------------------------------------------------------

LIMITS = {
    "requests of one user that wait to read": (
        "service/main.c", "USER_WAITING"),
    "slow requests of one user that wait": (
        "service/main.c", "USER_SLOW_WAITING"),
    "slow answers of one user that are not delivered yet": (
        "service/main.c", "USER_SLOW_HELD"),
    "slow answers of all users that are not delivered yet": (
        "service/main.c", "SLOW_HELD"),
    "bytes of a secret in a file": ("service/secret.h", "SECRET_MAX_BYTES"),
    "parameters of a study": ("optimizers/param.h", "SPACE_MAX_PARAMS"),
    "choices of a parameter": ("optimizers/param.h", "SPACE_MAX_CHOICES"),
    "bytes of a parameter's name": ("optimizers/param.h", "SPACE_MAX_NAME"),
    "bytes of a study's name": ("service/definition.h", "STUDY_MAX_NAME"),
    "objectives of a study": (
        "service/definition.h", "STUDY_MAX_OBJECTIVES"),
    "outcome constraints of a study": (
        "service/definition.h", "STUDY_MAX_OUTCOME_CONSTRAINTS"),
    "constraints on the parameters of a study": (
        "optimizers/restriction.h", "RESTRICTION_MOST"),
    "bytes of such a constraint": (
        "optimizers/expression.h", "EXPRESSION_MAX_BYTES"),
    "bytes of constants (JSON)": (
        "service/wire_definition.h", "STUDY_MAX_CONSTANTS"),
    "counts and costs of a budget, the cost of a trial": (
        "service/definition.h", "STUDY_MAX_LIMIT"),
    "points of an iteration": ("service/definition.h", "STUDY_MAX_POINTS"),
    "points of a grid, times replicas": ("service/scan.h", "SCAN_MAX_RUNS"),
    "points of a cartesian grid with constraints, with those that they "
    "forbid": ("service/scan.h", "SCAN_MAX_RESTRICTED"),
    "replicas of a point": ("service/definition.h", "GRID_MAX_REPLICAS"),
    "columns of outputs in a table; others are left out": (
        "service/wire_outputs.h", "OUTPUTS_MAX_COLUMNS"),
    "bytes of the name of such a column; longer ones are left out": (
        "service/wire_outputs.h", "OUTPUTS_MAX_NAME"),
    "bytes of notes": ("service/definition.h", "STUDY_MAX_NOTES"),
    "tags of a study or a trial": ("service/definition.h", "STUDY_MAX_TAGS"),
    "bytes of a tag": ("service/definition.h", "STUDY_MAX_TAG"),
    "seconds of a lease": ("service/wire_definition.h", "STUDY_MAX_LEASE_S"),
    "attempts of a trial": (
        "service/wire_definition.c", r'"max_attempts", 1, (\d+)'),
    "hand-backs of a point that use up no attempt": (
        "service/live.h", "LIVE_MAX_HAND_BACKS"),
    "bytes of the reason of a release or cancel": (
        "service/trial.h", "TRIAL_MAX_REASON"),
    "seconds of `max_seconds`": ("service/route_asking.c", "MAX_SECONDS"),
    "trials of one ask": ("service/trial.h", "ASK_MAX_TRIALS"),
    "tells of one `POST /api/v1/tell`": ("service/route_tell.c", "TELL_MAX"),
    "trials of one `POST /api/v1/studies/{id}/trials`": (
        "service/bring.h", "BRING_MAX_TRIALS"),
    "reports in it": ("service/bring.h", "BRING_MAX_REPORTS"),
    "studies that one merge reads": (
        "service/route_copy.c", "MERGE_MAX_STUDIES"),
    "trials of one clone or merge": ("service/copy.h", "COPY_MAX_TRIALS"),
    "bytes of a file that is imported, if `--max_body_bytes` is not above": (
        "service/copy.h", "IMPORT_MAX_BYTES"),
    "bytes of a page of an export, until the trial that reaches them ends": (
        "service/route_export.h", "EXPORT_PAGE_BYTES"),
    "bytes of a trial's `id`": ("service/bring.h", "BRING_MAX_ID"),
    "trials of one `POST /api/v1/studies/{id}/rerun`": (
        "service/rerun.h", "RERUN_MAX"),
    "bytes of the reason why a trial is invalid": (
        "service/amend.h", "AMEND_MAX_REASON"),
    "bytes of a text in the event of an edit": (
        "service/wire_detail.h", "WIRE_DETAIL_MAX"),
    "priority of a trial, up and down": (
        "service/bring.h", "BRING_MAX_PRIORITY"),
    "trials that wait in the queue of a study": (
        "service/bring.h", "BRING_MAX_QUEUED"),
    "studies to learn from": ("service/definition.h", "STUDY_MAX_WARM_START"),
    "results that are copied from each": (
        "service/warm.h", "WARM_MAX_RESULTS"),
    "rows of one page of a list": (
        "service/route_trials.c", r'"limit", 1, (\d+)'),
    "events of one answer": ("service/watch.h", "WATCH_MAX_EVENTS"),
    "seconds of a wait for events": (
        "service/route_events.c", "EVENTS_MAX_WAIT_S"),
    "segments of a campaign": ("service/campaign.h", "CAMPAIGN_MAX_SEGMENTS"),
    "bytes of a campaign's name": ("service/campaign.h", "CAMPAIGN_MAX_NAME"),
    "bytes of a segment's name": ("service/campaign.h", "CAMPAIGN_MAX_SEGMENT"),
    "bytes of the axis of a campaign": (
        "service/campaign.h", "CAMPAIGN_MAX_AXIS"),
    "bytes of a template, and of the overrides of a segment (JSON)": (
        "service/campaign.h", "CAMPAIGN_MAX_TEMPLATE"),
    "members of a study or a campaign, users and groups": (
        "service/member.h", "MEMBER_MAX"),
    "links to a study that are valid": ("service/route_link.c", "LINK_MAX"),
    "bytes of the name of a group": ("service/group.h", "GROUP_MAX_NAME"),
    "webhooks of a study": ("service/hook.h", "HOOK_MAX"),
    "bytes of a webhook's URL": ("service/hook.h", "HOOK_MAX_URL"),
    "kinds of events that a webhook names": (
        "service/hook.h", "HOOK_MAX_KINDS"),
    "bytes of such a kind": ("service/hook.h", "HOOK_MAX_KIND"),
    "events of one delivery": ("service/hook.h", "HOOK_MAX_EVENTS"),
    "deliveries on their way at once": (
        "service/courier.h", "COURIER_MAX_DELIVERIES"),
    "bytes of a receiver's answer that are read": (
        "service/outbound.h", "OUTBOUND_MAX_ANSWER"),
    "bytes of outputs, meta, env and worker (JSON), each": (
        "service/route_tell.h", "TELL_MAX_JSON"),
    "bytes of an error text": ("service/route_tell.c", "MAX_ERROR"),
    "bytes of an `Idempotency-Key`": ("service/route_asking.c", "MAX_KEY"),
    "days that a token is valid": ("service/token.h", "TOKEN_MAX_DAYS"),
    "valid tokens of a user": ("service/token.h", "TOKEN_MAX"),
    "bytes of a token's name": ("service/token.h", "TOKEN_MAX_NAME"),
    "seconds that a rotated token lives on": (
        "service/token.h", "TOKEN_MAX_OVERLAP_S"),
    "sessions of a user; beyond it the oldest end": (
        "service/session.h", "SESSION_MAX"),
    "days that an invitation lasts": (
        "service/user.h", "USER_INVITATION_DAYS"),
    "characters of a user's name": ("service/user.h", "USER_MAX_NAME"),
    "bytes of a display name or an address": (
        "service/user.h", "USER_MAX_TEXT"),
    "groups that an administrator gives a user": (
        "service/user.h", "USER_MAX_GROUPS"),
    "bytes of the name of a group": (
        "service/wire_user.c", "MAX_GROUP_NAME"),
    "OpenID Connect providers": (
        "service/oidc_provider.h", "OIDC_MAX_PROVIDERS"),
    "entries of one list of their file": (
        "service/oidc_provider.h", "OIDC_MAX_RULES"),
    "bytes of that file": ("service/oidc_provider.h", "OIDC_MAX_FILE"),
    "bytes of a token of a provider": ("service/auth_jwt.h", "AUTH_JWT_MAX"),
    "bytes of an answer of a provider": (
        "service/oidc_fetch.h", "FETCH_MAX_BYTES"),
    "groups of a user at a provider; others are left out": (
        "service/oidc_claims.h", "OIDC_MAX_GROUPS"),
    "bytes of such a group's name; longer ones are left out": (
        "service/oidc_claims.h", "OIDC_MAX_GROUP"),
    "seconds that a sign-in may take": ("service/oidc_flow.h", "OIDC_FLOW_S"),
    "sign-ins at once; the oldest give way": (
        "service/oidc_flow.h", "OIDC_MAX_FLOWS"),
    "bytes of a path to return to after it": (
        "service/oidc_flow.h", "OIDC_MAX_RETURN"),
    "toys of a limit study": ("service/limit_terms.h", "LIMIT_MAX_TOYS"),
    "signal strengths of a limit study": (
        "service/limit_terms.h", "LIMIT_MAX_POINTS"),
    "test statistics of toys in a tell": (
        "service/limit_terms.h", "LIMIT_MAX_VALUES"),
    "toys without one in a tell": (
        "service/limit_terms.h", "LIMIT_MAX_FAILED"),
    "bytes of a context of a limit study (JSON)": (
        "service/limit_terms.h", "LIMIT_MAX_CONTEXT"),
    "sites that failures and times are kept apart for": (
        "service/live_limit.h", "LIMIT_MAX_PLACES"),
    "bins of a histogram of toys": ("service/limit_terms.h", "LIMIT_MAX_BINS"),
    "levels of nested JSON": ("service/wire.h", "WIRE_MAX_DEPTH"),
    "bytes of request line and headers": (
        "service/http_loop.c", "HEADER_BYTES"),
    "parameters of a query": ("service/http.h", "HTTP_MAX_QUERY"),
    "requests that wait for a change to be committed": (
        "service/main.c", "MAX_WAITING"),
}


def constant(path, name):
    """Return the value of an enumerator, or of a group in a pattern."""
    pattern = name if "(" in name else rf"\b{name} = ([0-9 *]+)[,; /}}]"
    found = re.search(pattern, text(path))
    assert found, f"{path} has no {name}"
    product = 1
    for factor in found[1].split("*"):
        product *= int(factor)
    return product


def test_the_limits_of_the_readme_are_those_of_the_code():
    section = text("README.md").split("\n## Limits\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (.+) \| ([\d,]+) \|$", section, re.M)
    said = {what: int(limit.replace(",", "")) for what, limit in rows}
    assert said == {what: constant(*where) for what, where in LIMITS.items()}
