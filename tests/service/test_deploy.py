# SPDX-License-Identifier: GPL-3.0-or-later
"""test_deploy.py - the files of service/deploy, checked and tried out

nginx runs with the configuration as it is delivered, but for ports, paths and
the addresses of the services. Docker is not started: the files are compared
with each other, with the tree and with what the binary is linked against.
"""

import ctypes
import ipaddress
import json
import os
import re
import shlex
import shutil
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import harness
import httpx
import psycopg
import pytest
import yaml

EXPOSURE = 1.3  # of cumaed.service, at most
DEPLOY = harness.ROOT / "service" / "deploy"
HOPAAS_ASK = {
    "x": "optuna#uniform(0,1)",
    "hopaas_config": {
        "title": "through nginx",
        "direction": "minimize",
        "sampler": {"name": "TPESampler", "args": {}},
    },
}


def run(*command, **options):
    """Run a command to its end and return what it printed; fail if it does."""
    done = subprocess.run(
        command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        timeout=harness.PATIENCE_S, **options,
    )
    assert done.returncode == 0, f"{command}: {done.stdout}"
    return done.stdout


# ---- nginx ------------------------------------------------------------------


@dataclass
class Front:
    """A running nginx."""

    plain: str
    secure: str
    log: Path


def free_port():
    """Return a port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as one:
        return one.getsockname()[1]


def substituted(directory, services, plain, secure):
    """Write the configuration for this machine and return its path.

    Each substitution must find something, so that the test knows the file.
    """
    text = (DEPLOY / "nginx.conf").read_text()
    scratch = "".join(
        f"    {kind}_temp_path {directory}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    changes = [
        (r"worker_processes auto", "worker_processes 1"),
        (r"worker_rlimit_nofile 65536;\n", ""),
        (r"worker_connections 16384", "worker_connections 256"),
        (r"/dev/stderr", f"{directory}/error.log"),
        (r"/dev/stdout", f"{directory}/access.log"),
        (r"/tmp/nginx.pid", f"{directory}/nginx.pid"),
        (r"/etc/nginx/tls", f"{directory}/secrets/tls"),
        (r" *listen \[::\].*\n", ""),
        (r"listen 80 ", f"listen 127.0.0.1:{plain} "),
        (r"listen 443 ", f"listen 127.0.0.1:{secure} "),
        (r"cumaed-1:8080", services[0]),
        (r"cumaed-2:8080", services[1]),
        (r"\nhttp \{\n", f"\nhttp {{\n{scratch}"),
    ]
    for pattern, replacement in changes:
        text, found = re.subn(pattern, replacement, text)
        assert found, f"nginx.conf has no {pattern}"
    path = directory / "nginx.conf"
    path.write_text(text)
    return path


@pytest.fixture
def front(tmp_path, pair):
    """nginx in front of two services."""
    run(DEPLOY / "make-secrets.sh", "localhost", tmp_path / "secrets")
    plain, secure = free_port(), free_port()
    hosts = [urlsplit(service.url).netloc for service in pair]
    path = substituted(tmp_path, hosts, plain, secure)
    error_log = f"{tmp_path}/error.log"
    run("nginx", "-t", "-q", "-e", error_log, "-c", path)
    process = subprocess.Popen(
        ["nginx", "-e", error_log, "-c", path, "-g", "daemon off;"]
    )
    front = Front(
        f"http://127.0.0.1:{plain}", f"https://127.0.0.1:{secure}",
        tmp_path / "access.log",
    )

    def answers():
        assert process.poll() is None, Path(error_log).read_text()
        try:
            return httpx.get(front.plain).status_code == 308
        except httpx.TransportError:
            return False

    harness.wait_until(answers, "nginx")
    yield front
    process.terminate()
    process.wait(harness.PATIENCE_S)


@pytest.fixture
def pair(instances, postgres_database):
    """Two services on one database."""
    trust = ["--trusted-proxies", "127.0.0.1"]
    first = instances(postgres_database, arguments=trust)
    second = instances(
        postgres_database, arguments=trust, token=first.token
    )
    return [first, second]


@pytest.fixture
def client(front, pair):
    """An HTTP client of the front, signed in by token."""
    with httpx.Client(
        base_url=front.secure, verify=False, timeout=harness.PATIENCE_S,
        headers={"Authorization": f"Bearer {pair[0].token}"},
    ) as one:
        yield one


def create(client):
    """Create a study through the front and return its id."""
    answer = client.post(
        "/api/v1/studies",
        json={"name": "s", "space": {"x": {"type": "float", "low": 0, "high": 1}}},
    )
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def test_plain_http_points_to_https_and_keeps_method_and_path(front):
    answer = httpx.post(f"{front.plain}/api/v1/ask?a=1", json={})
    assert answer.status_code == 308
    assert answer.headers["location"] == "https://127.0.0.1/api/v1/ask?a=1"


def test_asks_and_tells_pass_and_the_page_too(client):
    study = create(client)
    asked = client.post(f"/api/v1/studies/{study}/ask", json={"n": 2})
    assert [trial["number"] for trial in asked.json()["trials"]] == [0, 1]
    told = client.post(
        f"/api/v1/studies/{study}/trials/1/tell", json={"value": 0.5}
    )
    assert told.json()["values"] == [0.5]
    page = client.get("/")
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert page.headers["strict-transport-security"]


def test_browsers_get_http_2(front):
    version = run(
        "curl", "-sk", "--http2", "-o", os.devnull, "-w", "%{http_version}",
        front.secure + "/",
    )
    assert version == "2"


def test_hopaas_jobs_pass_and_their_token_is_not_logged(front, client, pair):
    token = pair[0].token
    asked = client.post(f"/api/ask/{token}", json=HOPAAS_ASK)
    assert asked.status_code == 200, asked.text
    trial = asked.json()["hopaas_trial"]
    told = client.post(
        f"/api/tell/{token}", json={"hopaas_trial": trial, "loss": 0.5}
    )
    assert told.status_code == 200
    lines = harness.wait_until(
        lambda: [
            line for line in front.log.read_text().splitlines()
            if "/api/tell/" in line
        ],
        "the access log",
    )
    assert "POST /api/tell/- 200" in lines[0]
    logs = front.log.parent.glob("*.log")
    assert not any(token in log.read_text() for log in logs)


def ask_patiently(client, study):
    """Ask as a client does: again after a 502; return the trial's number."""

    def answered():
        answer = client.post(f"/api/v1/studies/{study}/ask", json={})
        assert answer.status_code in (200, 502, 504), answer.text
        return answer.status_code == 200 and answer.json()["trials"]

    return harness.wait_until(answered, "a trial")[0]["number"]


def test_study_stays_reachable_when_its_service_dies(client, pair):
    study = create(client)
    assert ask_patiently(client, study) == 0
    pair[1].kill()
    assert [ask_patiently(client, study) for _ in range(3)] == [1, 2, 3]
    pair[1].restart()
    pair[0].kill()
    assert [ask_patiently(client, study) for _ in range(3)] == [4, 5, 6]


def test_client_address_is_that_of_the_wire_not_a_claim(client, pair):
    client.get(
        "/api/v1/studies/none", headers={"X-Forwarded-For": "203.0.113.9"}
    )

    def logged():
        return [
            line["peer"] for service in pair for line in service.log()
            if line.get("msg") == "request" and line.get("status") == 404
        ]

    assert harness.wait_until(logged, "the request in a log") == ["127.0.0.1"]


def test_guessing_at_the_sign_in_is_slowed_down(client):
    statuses = [
        client.post("/api/v1/session", json={"code": "cuml_x"}).status_code
        for _ in range(20)
    ]
    assert statuses[0] == 401
    assert 429 in statuses


def test_metrics_are_not_for_everybody(client):
    assert client.get("/metrics").status_code == 404


# ---- Docker -----------------------------------------------------------------


def instructions():
    """Return (word, rest) of each instruction of the Dockerfile."""
    text = (DEPLOY / "Dockerfile").read_text()
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    return [
        tuple(line.split(maxsplit=1)) for line in joined.splitlines() if line
    ]


def test_image_copies_what_exists_and_all_that_make_needs(tmp_path):
    """`make -n all` finds every prerequisite among the copied files."""
    for word, rest in instructions():
        if word == "COPY" and not rest.startswith("--from"):
            source, target = rest.split()
            path = tmp_path / target
            if (harness.ROOT / source).is_dir():
                shutil.copytree(
                    harness.ROOT / source, path, dirs_exist_ok=True
                )
            else:
                path = path / source if target.endswith("/") else path
                path.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(harness.ROOT / source, path)
    environment = {
        name: value for name, value in os.environ.items()
        if not name.startswith("MAKE")
    }
    run("make", "-n", "all", "install", cwd=tmp_path, env=environment)


def owner(path):
    """Return the Debian package of a file.

    With a merged /usr it may be known by either of its paths.
    """
    path = os.path.realpath(path)
    for name in (path, path.removeprefix("/usr")):
        asked = subprocess.run(
            ["dpkg-query", "-S", name], text=True,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )
        if asked.returncode == 0:
            return asked.stdout.split(":")[0]
    raise AssertionError(f"nobody owns {path}")


def test_image_has_every_library_that_the_service_needs():
    (install,) = [
        rest for word, rest in instructions()
        if word == "RUN" and "ca-certificates" in rest
    ]
    needed = re.findall(
        r"NEEDED.*\[(.+)\]", run("readelf", "-d", harness.binary())
    )
    loaded = run("ldd", harness.binary())
    for library in needed:
        if re.match(r"lib(asan|ubsan|tsan|gcc_s)\.", library):
            continue  # of a build for tests
        path = re.search(rf"{re.escape(library)} => (\S+)", loaded).group(1)
        package = owner(path)
        assert package == "libc6" or package in shlex.split(install), library


def test_image_runs_as_nobody_in_particular():
    assert ("USER", "65532:65532") in instructions()


def test_health_check_tells_a_ready_service_from_none(
    instances, sqlite_database
):
    service = instances(sqlite_database)
    (check,) = [rest for word, rest in instructions() if word == "HEALTHCHECK"]
    command = json.loads(check.split("CMD", 1)[1])
    environment = {"CUMAE_LISTEN": urlsplit(service.url).netloc}

    def healthy():
        return subprocess.run(
            command, env={**os.environ, **environment},
            timeout=harness.PATIENCE_S, stderr=subprocess.DEVNULL,
        ).returncode == 0

    assert healthy()
    service.terminate()
    assert not healthy()


@pytest.fixture(scope="module")
def compose():
    """The parsed docker-compose.yml."""
    return yaml.safe_load((harness.ROOT / "docker-compose.yml").read_text())


def test_compose_refers_only_to_what_it_defines(compose):
    services = compose["services"]
    for name, service in services.items():
        assert set(service.get("depends_on", {})) <= set(services), name
        assert set(service.get("secrets", [])) <= set(compose["secrets"]), name
        assert set(service["networks"]) <= set(compose["networks"]), name
        for mount in service.get("volumes", []):
            source = mount.split(":")[0]
            if source.startswith("./service/deploy/secrets"):
                continue  # made by make-secrets.sh
            if source.startswith("."):
                assert (harness.ROOT / source).exists(), mount
            else:
                assert source in compose["volumes"], mount


def test_compose_waits_only_for_services_that_have_a_health_check(compose):
    """Those of our image have the one of the Dockerfile. Others that are waited
    for do one thing and end."""
    for service in compose["services"].values():
        for name, wait in service.get("depends_on", {}).items():
            other = compose["services"][name]
            if wait["condition"] == "service_completed_successfully":
                assert "restart" not in other
                continue
            assert "healthcheck" in other or other["image"] == "cumae"


def test_containers_have_no_more_rights_than_they_need(compose):
    """The database's own image starts as root and needs its capabilities."""
    wanted = {
        "nginx": {
            "NET_BIND_SERVICE", "DAC_READ_SEARCH", "CHOWN", "SETUID", "SETGID"
        },
    }
    for name, service in compose["services"].items():
        assert "no-new-privileges:true" in service["security_opt"], name
        assert not service.get("privileged"), name
        if name == "database":
            continue
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert set(service.get("cap_add", [])) == wanted.get(name, set())
        assert "/tmp" in service["tmpfs"], name
        if service["image"] != "cumae":  # which has USER
            assert name == "nginx" or service["user"] == "postgres"


def test_only_the_migration_knows_the_password_of_the_owner(compose):
    for name, service in compose["services"].items():
        secrets = service.get("secrets", [])
        owner = name in ("database", "migrate", "grants")
        assert ("database_password" in secrets) == owner, name
        assert "PASSWORD" not in str(service.get("environment", {})).replace(
            "PASSWORD_FILE", ""
        ), name


def test_the_grants_of_compose_set_the_password_of_the_service(
    compose, postgres_database, tmp_path
):
    """The script as it stands, with other paths and another database."""
    script = compose["services"]["grants"]["entrypoint"][2]
    for name in ("database_password", "service_password"):
        (tmp_path / name).write_text("it's; secret\n")
    changes = [
        ("$$", "$"), ("/run/secrets", str(tmp_path)),
        ("/tmp/pgpass", f"{tmp_path}/pgpass"),
        ("/grants.sql", str(DEPLOY / "grants.sql")),
        ("postgresql://cumae@database/cumae", postgres_database),
    ]
    for old, new in changes:
        assert old in script, old
        script = script.replace(old, new)
    run(harness.binary(), "--migrate", "only", "--database", postgres_database)
    assert run("sh", "-euc", script) == ""
    assert (tmp_path / "pgpass").stat().st_mode & 0o077 == 0
    with psycopg.connect(postgres_database, autocommit=True) as connection:
        (stored,) = connection.execute(
            "SELECT rolpassword FROM pg_authid WHERE rolname = 'cumae_service'"
        ).fetchone()
        connection.execute("ALTER ROLE cumae_service PASSWORD NULL")
    assert stored.startswith("SCRAM-SHA-256$")


def test_compose_and_nginx_agree_on_names_and_addresses(compose):
    services = compose["services"]
    inside = {
        name: service["networks"]["inside"]["ipv4_address"]
        for name, service in services.items()
        if isinstance(service["networks"], dict)
    }
    (network,) = compose["networks"]["inside"]["ipam"]["config"]
    subnet = ipaddress.ip_network(network["subnet"])
    assert all(ipaddress.ip_address(one) in subnet for one in inside.values())
    assert len(set(inside.values())) == len(inside)
    text = (DEPLOY / "nginx.conf").read_text()
    upstream = re.findall(r"server (cumaed-\d+):8080", text)
    assert sorted(upstream) == sorted(set(inside) - {"nginx"})
    for name in upstream:
        trusted = services[name]["environment"]["CUMAE_TRUSTED_PROXIES"]
        assert trusted == inside["nginx"]
        assert services[name]["read_only"] is True


def test_secrets_are_made_once_and_kept_from_others(tmp_path):
    folder = tmp_path / "secrets"
    assert "made" in run(DEPLOY / "make-secrets.sh", "a.example.org", folder)
    certificate = folder / "tls" / "tls.crt"
    before = certificate.read_bytes(), (folder / "database_password").read_text()
    assert before[1] != (folder / "service_password").read_text()
    assert run(DEPLOY / "make-secrets.sh", "b.example.org", folder) == ""
    assert before == (
        certificate.read_bytes(), (folder / "database_password").read_text()
    )
    assert folder.stat().st_mode & 0o077 == 0
    assert len(before[1].strip()) == 48
    run("openssl", "x509", "-in", certificate, "-noout",
        "-checkhost", "a.example.org")


# ---- systemd ----------------------------------------------------------------


def settings_of_unit():
    """Return {name: value} of the service's section."""
    text = (DEPLOY / "cumaed.service").read_text()
    return dict(
        line.split("=", 1) for line in text.splitlines()
        if "=" in line and not line.startswith("#")
    )


@pytest.mark.skipif(
    not shutil.which("systemd-analyze"), reason="there is no systemd here"
)
def test_systemd_understands_every_line_of_the_unit(tmp_path):
    text = (DEPLOY / "cumaed.service").read_text()
    path = tmp_path / "cumaed.service"
    path.write_text(
        text.replace("/usr/local/bin/cumaed", str(harness.binary()))
    )
    assert run("systemd-analyze", "verify", "--man=no", path) == ""


@pytest.mark.skipif(
    not shutil.which("systemd-analyze"), reason="there is no systemd here"
)
def test_systemd_finds_little_that_the_unit_exposes(tmp_path):
    """From 0, nothing, to 10; an ordinary unit has 9.6."""
    path = tmp_path / "cumaed.service"
    shutil.copy(DEPLOY / "cumaed.service", path)
    said = run(
        "systemd-analyze", "security", "--offline=yes", "--no-pager",
        f"--threshold={EXPOSURE * 10:.0f}", path,
    )
    level = float(re.search(r"Overall exposure level.*: ([\d.]+)", said)[1])
    assert level <= EXPOSURE, said


def refuse_to_make_code():
    """What MemoryDenyWriteExecute does, for this process and its children."""
    ctypes.CDLL(None, use_errno=True).prctl(65, 1, 0, 0, 0)  # PR_SET_MDWE


def test_nothing_in_the_service_writes_code(instances, sqlite_database):
    """Neither OpenBLAS nor anything else needs memory that is written and run.

    The limit is handed down by whoever starts the service, as systemd does.
    """
    assert settings_of_unit()["MemoryDenyWriteExecute"] == "yes"
    service = instances(sqlite_database, prepare=refuse_to_make_code)
    study = service.api("POST", "/studies", {
        "name": "s", "sampler": {"name": "gp"},
        "space": {"x": {"type": "float", "low": 0, "high": 1}},
    }).json["id"]
    for _ in range(15):
        asked = service.api("POST", f"/studies/{study}/ask", {}).json["trials"]
        told = service.api(
            "POST", f"/studies/{study}/trials/{asked[0]['number']}/tell",
            {"value": asked[0]["params"]["x"] ** 2},
        )
        assert told.status == 200
    assert service.terminate() == 0


def test_unit_leaves_the_service_time_to_drain():
    help_text = run(harness.binary(), "--help")
    drain_s = int(re.search(r"--drain_s .*\[(\d+)\]", help_text).group(1))
    assert int(settings_of_unit()["TimeoutStopSec"]) > drain_s


def test_service_tells_systemd_that_it_is_ready_and_alive(
    instances, sqlite_database, tmp_path
):
    """What Type=notify and WatchdogSec of the unit wait for."""
    unit = settings_of_unit()
    assert unit["Type"] == "notify" and unit["WatchdogSec"]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ears:
        ears.settimeout(harness.PATIENCE_S)
        ears.bind(str(tmp_path / "notify"))
        service = instances(
            sqlite_database,
            environment={"NOTIFY_SOCKET": str(tmp_path / "notify")},
        )
        assert ears.recv(256).startswith(b"READY=1")
        assert ears.recv(256).startswith(b"WATCHDOG=1")
        assert service.terminate() == 0
        heard = b""
        while not heard.startswith(b"STOPPING=1"):
            heard = ears.recv(256)
